"""Addresses with a query that somebody else wrote: it never becomes an argument of `url_for`."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode


def with_query(address: str, query: Iterable[tuple[str, object]]) -> str:
    """Return an address with a query, whatever names are in it: `url_for` has a use of its own for some."""
    text = urlencode(list(query))
    return f"{address}?{text}" if text else address
