"""Compose: the form of a message, its preview and panel, above templates and series."""

__all__ = []
