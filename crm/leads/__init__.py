"""Leads: people who may become customers, when to speak to them next, and what they promised to pay."""

__all__ = ["api", "lists", "models", "queries", "services"]
