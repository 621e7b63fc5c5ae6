"""Opt-outs: numbers that get no messages, and the keywords that put them there."""

__all__ = ["keywords", "services"]
