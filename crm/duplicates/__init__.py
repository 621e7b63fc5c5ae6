"""Duplicates: pairs of customers who may be one person, reviewed, merged and unmerged."""

__all__ = ["queries"]
