"""Referrals: customers who bring others, what they get for it, and what staff look at first."""

__all__ = ["models", "queries", "rules", "services"]
