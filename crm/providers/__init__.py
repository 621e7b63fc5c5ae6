"""Providers: a gateway for each way that a message may go, and what each provider's answers mean."""

__all__ = ["accounts", "base", "directory", "http", "letters", "registry", "smtp", "webhook"]
