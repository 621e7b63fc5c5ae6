"""One search over everything, and the keys of the pages."""

__all__: list[str] = []
