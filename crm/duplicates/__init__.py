"""Duplicates: customers who may be one person, looked at by somebody, merged, and taken apart again."""

__all__ = ["queries"]
