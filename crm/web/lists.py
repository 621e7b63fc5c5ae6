"""Numbered pages of lists, for pages and the JSON API."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

from crm.kernel.extensions import db
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.web.filters import number

Row = TypeVar("Row")

PAGE_SIZE = 50
LAST_PAGE = 200
"""A limit, because an offset reads all rows before it."""

MAX_OFFSET = 2**62


class Filter(Protocol):
    def query(self) -> Mapping[str, Any]: ...


@dataclasses.dataclass(frozen=True)
class Page(Generic[Row]):
    """`count` is the length of the list; None if not counted."""

    rows: Sequence[Row]
    number: int
    has_more: bool
    filter: Any = None
    count: int | None = None

    @property
    def shown(self) -> str:
        """Say which rows these are: "51-100"."""
        first = (self.number - 1) * PAGE_SIZE + 1
        return f"{number(first)}\N{EN DASH}{number(first + len(self.rows) - 1)}" if self.rows else ""

    @property
    def found(self) -> str:
        rows = len(self.rows)
        if self.has_more or self.number > 1:
            return _("More than %(number)s found", number=number(PAGE_SIZE))
        return ngettext("%(num)s found", "%(num)s found", rows)

    def query(self, number: int) -> dict[str, Any]:
        narrowed = self.filter.query() if self.filter else {}
        return {**narrowed, **({"page": number} if number > 1 else {})}


def read_page(statement: sa.Select[Any], wanted: Filter, number: int) -> Page[Any]:
    number = within_pages(number)
    return page_of(_read(statement, number, PAGE_SIZE, PAGE_SIZE + 1), number, wanted)


def page_of(rows: Sequence[Row], number: int, wanted: Filter | None = None) -> Page[Row]:
    """Return a page from up to PAGE_SIZE + 1 rows that were read for it."""
    return Page(rows[:PAGE_SIZE], number, len(rows) > PAGE_SIZE and number < LAST_PAGE, wanted)


def within_pages(number: int) -> int:
    return min(max(number, 1), LAST_PAGE)


def read_counted(statement: sa.Select[Any], number: int, size: int) -> Page[Any]:
    """Return a page with the list's count, for short lists; empty past the end."""
    count = db.session.scalars(sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())).one()
    return Page(_read(statement, number, size, size), number, number * size < count, count=count)


def as_query(wanted: Any) -> dict[str, Any]:
    return {name: value for name, value in wanted._asdict().items() if value and name != "unknown"}


def _read(statement: sa.Select[Any], number: int, size: int, limit: int) -> list[Any]:
    skip = min((number - 1) * size, MAX_OFFSET)
    return list(db.session.scalars(statement.offset(skip).limit(limit)).unique())
