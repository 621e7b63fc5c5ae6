"""Visits: check-ins, and the days on which customers were there."""

__all__ = ["models", "queries", "services", "signals"]
