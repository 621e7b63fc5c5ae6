"""Scores of buyers, computed each night from what they bought, and reports on them."""

__all__ = ["demo", "queries", "services"]
