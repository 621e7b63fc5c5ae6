"""Loyalty: points and tiers."""

__all__ = ["data", "queries", "rules", "services", "signals", "tiers", "words"]
