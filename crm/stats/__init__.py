"""Reports: how many customers there are, of which tier, since when."""

__all__ = ["queries"]
