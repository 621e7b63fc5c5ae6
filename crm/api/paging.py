"""Pages of lists as JSON: `count`, `next`, `previous` and `results`, with whole addresses."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from flask import request

from crm.kernel.extensions import db
from crm.web.security import public_url

MAX_ROWS = 2**62


@dataclasses.dataclass(frozen=True)
class Page:
    """Rows of a list, how many there are in all, and the cursors of the pages before and after."""

    rows: Sequence[Any]
    count: int
    after: str | None = None
    before: str | None = None


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
    return in_pages(page_of(statement, query["page"], query["page_size"]), query["page"])


def page_of(statement: sa.Select[Any], number: int, size: int) -> Page:
    """Return a page of a list that is short as a rule, with numbers for cursors; one past the end is empty."""
    skip = min((number - 1) * size, MAX_ROWS)
    count = db.session.scalars(sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())).one()
    rows = db.session.scalars(statement.offset(skip).limit(size)).unique().all()
    after = str(number + 1) if skip + size < count else None
    return Page(rows, count, after, str(number - 1) if number > 1 else None)


def _address(name: str, cursor: str | None, number: int, by_cursor: bool) -> str | None:
    if cursor is None:
        return None
    query = [(key, value) for key, value in request.args.items(multi=True) if key not in ("after", "before", "page")]
    query.append(("page", str(max(number, 1))))
    if by_cursor:
        query.append((name, cursor))
    return public_url(f"{quote(request.path)}?{urlencode(query)}")
