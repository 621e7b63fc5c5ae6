"""Invoices and their receipts."""

__all__ = ["files", "models", "rules", "services"]
