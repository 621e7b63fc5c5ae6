"""Customers from files: read, recognised, cleaned, checked and taken in."""

__all__ = ["queries"]
