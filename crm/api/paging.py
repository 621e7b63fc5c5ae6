"""Pages of lists as JSON: `count`, `next`, `previous` and `results`, with whole addresses."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from flask import request

from crm.api import queries
from crm.api.queries import Page
from crm.web.security import public_url


def in_pages(page: Page, number: int, *, by_cursor: bool = False) -> dict[str, Any]:
    """Return a page with the addresses of its neighbours; `next` carries a cursor where the list has them."""
    return {
        "count": page.count,
        "next": _address("after", page.after, number + 1, by_cursor),
        "previous": _address("before", page.before, number - 1, by_cursor),
        "results": page.rows,
    }


def numbered(statement: Any, query: dict[str, Any]) -> dict[str, Any]:
    """Return the page of a statement that a query asks for by its number."""
    return in_pages(queries.page_of(statement, query["page"], query["page_size"]), query["page"])


def _address(name: str, cursor: str | None, number: int, by_cursor: bool) -> str | None:
    if cursor is None:
        return None
    query = [(key, value) for key, value in request.args.items(multi=True) if key not in ("after", "before", "page")]
    query.append(("page", str(max(number, 1))))
    if by_cursor:
        query.append((name, cursor))
    return public_url(f"{quote(request.path)}?{urlencode(query)}")
