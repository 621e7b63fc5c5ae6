"""Bookings and the persons they are for."""

__all__ = ["models", "queries", "rules", "services"]
