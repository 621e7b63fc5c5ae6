"""Customers: the row, the list, and the page with its panels."""

__all__ = [
    "api",
    "api_queries",
    "bulk_models",
    "cli",
    "duplicate_pairs",
    "fields",
    "filters",
    "locks",
    "models",
    "queries",
    "rules",
    "schemas",
    "search",
    "search_text",
    "services",
    "signals",
    "suggestions",
    "timeline",
    "totals",
]
