"""Pages of lists by number, for pages and for the JSON API."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

from crm.kernel.extensions import db

Row = TypeVar("Row")

SIZE = 50
LAST_PAGE = 200
"""The last page that is shown: an offset reads all rows before it."""

MAX_OFFSET = 2**62
"""The largest offset that a database takes."""


class Filter(Protocol):
    """What narrows a list."""

    def query(self) -> Mapping[str, Any]:
        """Return it as the query of a URL."""


@dataclasses.dataclass(frozen=True)
class Page(Generic[Row]):
    """A page of a list; `count` is how many rows the list has, None where nobody counted them."""

    rows: Sequence[Row]
    number: int
    has_more: bool
    filter: Any = None
    count: int | None = None

    def query(self, number: int) -> dict[str, Any]:
        """Return the query of the URL of another page."""
        return {**self.filter.query(), **({"page": number} if number > 1 else {})}


def read_page(statement: sa.Select[Any], wanted: Filter, number: int) -> Page[Any]:
    """Return a page of a statement; a number past the ends is that of the first or the last page."""
    number = min(max(number, 1), LAST_PAGE)
    rows = _read(statement, number, SIZE, SIZE + 1)
    return Page(rows[:SIZE], number, len(rows) > SIZE and number < LAST_PAGE, wanted)


def read_counted(statement: sa.Select[Any], number: int, size: int) -> Page[Any]:
    """Return a page of a list that is short as a rule, with its count; one past the end is empty."""
    count = db.session.scalars(sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())).one()
    return Page(_read(statement, number, size, size), number, number * size < count, count=count)


def given(wanted: Any) -> dict[str, Any]:
    """Return the values of a filter that is a named tuple as the query of a URL."""
    return {name: value for name, value in wanted._asdict().items() if value and name != "unknown"}


def _read(statement: sa.Select[Any], number: int, size: int, limit: int) -> list[Any]:
    skip = min((number - 1) * size, MAX_OFFSET)
    return list(db.session.scalars(statement.offset(skip).limit(limit)).unique())
