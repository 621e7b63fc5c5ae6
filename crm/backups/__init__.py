"""Backups of organizations: archives that anybody can read, and their restore."""

__all__ = ["queries"]
