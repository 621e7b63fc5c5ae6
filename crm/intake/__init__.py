"""Intake: everybody who comes in, from a form, another record or another system."""

__all__ = ["api", "rows", "services", "sources", "upsert", "webhook_api"]
