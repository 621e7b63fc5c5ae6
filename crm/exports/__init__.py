"""Exports: rows of a list as a file, at once or by the worker."""

__all__ = ["formats", "rows", "services"]
