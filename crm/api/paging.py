"""Pages of lists as JSON: `count`, `next`, `previous` and `results`, with whole addresses."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from crm.api import queries
from crm.api.queries import Page


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
    query: dict[str, Any] = {
        key: value for key, value in request.args.items() if key not in ("after", "before", "page")
    }
    query["page"] = max(number, 1)
    if by_cursor:
        query[name] = cursor
    return url_for(request.endpoint or "", _external=True, **(request.view_args or {}), **query)
