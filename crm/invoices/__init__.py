"""Invoices and their receipts."""

__all__ = ["api", "filenames", "files", "forms", "models", "queries", "rules", "schemas", "services"]
