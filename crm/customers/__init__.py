"""Customers: the row, the list, and the page with its panels."""

__all__ = [
    "fields",
    "filters",
    "keys",
    "locks",
    "models",
    "order",
    "pairs",
    "panels",
    "queries",
    "rules",
    "search_text",
    "services",
    "signals",
    "timeline",
]
