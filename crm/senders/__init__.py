"""Senders: the accounts an organization sends by, and their tests."""

__all__ = ["services", "trials"]
