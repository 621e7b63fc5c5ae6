"""Reminders: what is due, of every kind that a manifest gives, in one order by time."""

__all__ = ["queries", "rules", "today"]
