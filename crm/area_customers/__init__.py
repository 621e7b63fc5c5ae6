"""Area customers: people whom a branch knows by their area."""

__all__ = ["api"]
