"""Intake: everybody who comes in, from a form, another record or another system."""

__all__ = ["calls", "models", "rules", "services", "sources", "upsert"]
