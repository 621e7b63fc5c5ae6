"""URLs with a query from the user: `url_for` gives some names a meaning of its own, so it never gets them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode


def with_query(address: str, query: Iterable[tuple[str, object]]) -> str:
    text = urlencode(list(query))
    return f"{address}?{text}" if text else address
