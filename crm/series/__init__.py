"""Series: messages that come again."""

__all__ = ["forms", "models", "queries", "rules", "services"]
