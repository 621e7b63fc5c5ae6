"""Automations: points, vouchers and messages that come by themselves, on birthdays and the like."""

__all__ = ["models", "queries", "rules", "services"]
