"""Segments: saved filters of the list of customers, and whom they match now."""

__all__ = ["audience", "data", "feature", "models", "queries", "services", "signals"]
