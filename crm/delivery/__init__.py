"""Delivery: due messages are claimed, checked, handed to a provider, and recorded. Begin with deliver.py."""

__all__ = ["batch", "portfolio", "recipients", "report_meanings", "reports"]
