"""Loyalty: points and tiers."""

__all__ = ["queries", "rules", "services"]
