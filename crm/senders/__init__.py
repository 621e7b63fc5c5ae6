"""Senders: the accounts an organization sends by, their tests, and whose number is whose."""

__all__ = ["directory", "services", "trials"]
