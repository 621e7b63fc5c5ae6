"""The orders of the list and their cursors: bounded at any depth, each customer once.

An order is a row of parts, one after the other; each part is a condition and a sort that one index serves. A cursor
names the last row that was seen, and the parts after it start there, so no page reads the rows before it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import sqlalchemy as sa

Condition = sa.ColumnElement[bool]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


class Part(NamedTuple):
    """A stretch of the list: its rows, and how they are sorted."""

    condition: Condition
    order: tuple[sa.ColumnElement[Any], ...]


class Position(NamedTuple):
    """A row's place in the list: its sort value and its id."""

    value: Any
    id: int


class Order:
    """An order of the list by `columns`, then by id; `forward` is the way it is shown."""

    columns: tuple[str, ...] = ()

    def position(self, row: Any) -> Position:
        """Return the place of a row."""
        raise NotImplementedError

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        """Return what sorts the whole list by the columns of `row`, where no index has to serve it."""
        raise NotImplementedError

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        """Return the stretches of `row` after `start` (before it and turned round, when not `forward`)."""
        raise NotImplementedError

    def encode(self, place: Position) -> str:
        """Return a cursor for a URL."""
        value = "" if place.value is None else str(place.value)
        return f"{place.id}.{value}"

    def decode(self, cursor: str) -> Position | None:
        """Return the place a cursor names, or None when it names none."""
        id_, _, value = cursor.partition(".")
        if not (id_.isascii() and id_.isdigit() and len(id_) < 19):
            return None
        try:
            return Position(self._value(value), int(id_))
        except (ValueError, OverflowError):
            return None

    def _value(self, text: str) -> Any:
        return text


class Moment(Order):
    """By a moment, those without one last either way.

    The latest comes first when `descending`; of equals the newest when `newest_first`, else the oldest.
    """

    def __init__(self, column: str, *, descending: bool, newest_first: bool) -> None:
        self._column, self._descending, self._newest_first = column, descending, newest_first
        self.columns = (column,)

    def position(self, row: Any) -> Position:
        """Return the place of a row."""
        moment = getattr(row, self._column)
        return Position(None if moment is None else (moment - EPOCH) // MICROSECOND, row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        """Return what sorts the whole list by the columns of `row`, where no index has to serve it."""
        at = getattr(row, self._column)
        return at.is_(None) if forward else at.is_not(None), *self._sorts(row, forward)[0]

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        """Return the stretches: the same moment, further moments, no moment."""
        at, id_ = getattr(row, self._column), row.id
        by_moment, by_id = self._sorts(row, forward)
        with_moment, without = Part(at.is_not(None), by_moment), Part(at.is_(None), by_id)
        if start is None:
            return [with_moment, without] if forward else [without, with_moment]
        beyond = id_ < start.id if self._newest_first == forward else id_ > start.id
        if start.value is None:
            rest = Part(sa.and_(at.is_(None), beyond), by_id)
            return [rest] if forward else [rest, with_moment]
        moment = EPOCH + start.value * MICROSECOND
        same = Part(sa.and_(at == moment, beyond), by_id)
        further = Part(at < moment if self._descending == forward else at > moment, by_moment)
        return [same, further, without] if forward else [same, further]

    def _sorts(self, row: Any, forward: bool) -> tuple[tuple[Any, Any], tuple[Any]]:
        """Return how those with a moment and those without are sorted."""
        at, id_ = getattr(row, self._column), row.id
        by_id = id_.desc() if self._newest_first == forward else id_.asc()
        return (at.desc() if self._descending == forward else at.asc(), by_id), (by_id,)

    def _value(self, text: str) -> int | None:
        return int(text) if text and EPOCH + int(text) * MICROSECOND else None


class Newest(Order):
    """The newest customer first."""

    def position(self, row: Any) -> Position:
        """Return the place of a row."""
        return Position(None, row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        """Return what sorts the whole list by the columns of `row`, where no index has to serve it."""
        return (row.id.desc() if forward else row.id.asc(),)

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        """Return the one stretch."""
        if start is None:
            return [Part(sa.true(), self.whole(row, forward))]
        beyond = row.id < start.id if forward else row.id > start.id
        return [Part(beyond, self.whole(row, forward))]


class Name(Order):
    """By folded name."""

    columns = ("name_key",)

    def position(self, row: Any) -> Position:
        """Return the place of a row."""
        return Position(row.name_key, row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        """Return what sorts the whole list by the columns of `row`, where no index has to serve it."""
        key, id_ = row.name_key, row.id
        return (key.asc(), id_.asc()) if forward else (key.desc(), id_.desc())

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        """Return the stretches: the same name, later names."""
        key, id_ = row.name_key, row.id
        order = self.whole(row, forward)
        if start is None:
            return [Part(sa.true(), order)]
        same = sa.and_(key == start.value, id_ > start.id if forward else id_ < start.id)
        return [Part(same, order[1:]), Part(key > start.value if forward else key < start.value, order)]


class Largest(Order):
    """By a number that is always there, the largest first; of equals the newest first."""

    def __init__(self, column: str) -> None:
        self._column = column
        self.columns = (column,)

    def position(self, row: Any) -> Position:
        """Return the place of a row."""
        return Position(getattr(row, self._column), row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        """Return what sorts the whole list by the columns of `row`, where no index has to serve it."""
        column, id_ = getattr(row, self._column), row.id
        return (column.desc(), id_.desc()) if forward else (column.asc(), id_.asc())

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        """Return the stretches: the same value, smaller ones."""
        column, id_ = getattr(row, self._column), row.id
        order = self.whole(row, forward)
        if start is None:
            return [Part(sa.true(), order)]
        same = sa.and_(column == start.value, id_ < start.id if forward else id_ > start.id)
        return [Part(same, order[1:]), Part(column < start.value if forward else column > start.value, order)]

    def _value(self, text: str) -> int:
        return _bounded(int(text))


def _bounded(number: int) -> int:
    """Return a number that the database can compare; raises ValueError for another."""
    if abs(number) >= 2**63:
        raise ValueError
    return number


NEXT_MESSAGE = Moment("next_message_at", descending=False, newest_first=True)

ORDERS: dict[str, Order] = {
    "": NEXT_MESSAGE,
    "newest": Newest(),
    "name": Name(),
    "last-order": Moment("last_order_at", descending=True, newest_first=True),
    "spent": Largest("total_spent"),
    "points": Largest("loyalty_points"),
}
