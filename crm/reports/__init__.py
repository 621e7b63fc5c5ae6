"""Scores of buyers, computed each night from what they bought."""

__all__ = ["queries", "services"]
