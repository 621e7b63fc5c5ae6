"""Message templates: texts with fields, filled in for a customer."""

__all__ = ["models", "queries", "rules"]
