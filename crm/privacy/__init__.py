"""What the law gives to the people whose data we hold: a copy of it, and its erasure."""

__all__ = ["services"]
