"""Bookings and the persons they are for."""

__all__ = ["api", "models", "queries", "services", "signals"]
