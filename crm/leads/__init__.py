"""Leads: people who may become customers, when to speak to them next, and what they promised to pay."""

__all__ = ["commitments", "follow_ups", "models", "panels", "queries", "rules", "services"]
