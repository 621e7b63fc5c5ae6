"""Rewards: what points buy, and the vouchers that they become."""

__all__ = ["models", "queries", "rules", "services", "signals"]
