"""Invoices and their receipts."""

__all__ = ["api"]
