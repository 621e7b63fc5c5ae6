"""Intake: everybody who comes in, from a form, another record or another system."""

__all__ = ["api", "services", "sources", "webhook_api"]
