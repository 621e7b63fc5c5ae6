"""Customers: the row, the list, and the page with its panels."""

__all__ = [
    "api",
    "api_queries",
    "fields",
    "filters",
    "keys",
    "locks",
    "models",
    "pairs",
    "queries",
    "rules",
    "schemas",
    "search_text",
    "services",
    "signals",
    "timeline",
    "totals",
]
