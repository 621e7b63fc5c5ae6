"""Visits: when a customer was in the shop."""
