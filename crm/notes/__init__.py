"""Notes and logged calls about customers and leads, on the timeline."""

__all__ = ["api"]
