"""Delivery: due messages are claimed, checked, handed to a provider, and recorded. Begin with deliver.py."""

__all__ = ["batch", "recipients", "report_meanings", "reports"]
