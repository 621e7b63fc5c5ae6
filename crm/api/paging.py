"""Pages of lists as JSON, with absolute URLs of the neighbours."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from flask import request

from crm.web.lists import Page, read_counted
from crm.web.security import public_url


@dataclasses.dataclass(frozen=True)
class CursorPage:
    """A page with the cursors of its neighbours."""

    rows: Sequence[Any]
    count: int
    after: str | None = None
    before: str | None = None


def by_cursor(page: CursorPage, number: int) -> dict[str, Any]:
    following = page.after and _address(number + 1, after=page.after)
    previous = page.before and _address(number - 1, before=page.before)
    return {"count": page.count, "next": following, "previous": previous, "results": page.rows}


def by_number(page: Page[Any]) -> dict[str, Any]:
    following = _address(page.number + 1) if page.has_more else None
    previous = _address(page.number - 1) if page.number > 1 else None
    return {"count": page.count, "next": following, "previous": previous, "results": page.rows}


def numbered(statement: sa.Select[Any], query: dict[str, Any]) -> dict[str, Any]:
    return by_number(read_counted(statement, query["page"], query["page_size"]))


def _address(number: int, **cursor: str) -> str:
    query = [(key, value) for key, value in request.args.items(multi=True) if key not in ("after", "before", "page")]
    query += [("page", str(max(number, 1))), *cursor.items()]
    return public_url(f"{quote(request.path)}?{urlencode(query)}")
