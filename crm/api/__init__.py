"""The JSON API."""

__all__ = ["branches", "fields", "limits", "paging", "reading", "resource", "schemas"]
