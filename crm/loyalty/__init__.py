"""Loyalty: points and tiers."""

__all__ = ["models", "queries", "rules", "services"]
