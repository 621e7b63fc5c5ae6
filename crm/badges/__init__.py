"""Badges: what customers reach by coming, buying and bringing others, and what they get for it."""

__all__ = ["models", "queries", "services", "signals"]
