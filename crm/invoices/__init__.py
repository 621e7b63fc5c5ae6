"""Invoices and their receipts."""

__all__ = [
    "api",
    "edits",
    "filenames",
    "files",
    "forms",
    "models",
    "queries",
    "rules",
    "schemas",
    "services",
    "signals",
]
