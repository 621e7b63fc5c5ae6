"""Demo data, and the sample customers of real organizations."""

__all__ = ["samples"]
