"""What providers send us: whose it is, whether it is genuine, and what it says."""

__all__ = []
