"""Delivery: due messages are claimed, checked, handed to a provider, and recorded."""

__all__ = ["batch", "reports"]
