"""Orders of the list and their cursors.

An order is a row of parts, each a condition and a sort that one index serves. Parts after a cursor start at its row,
so no page reads the rows before it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import sqlalchemy as sa

Condition = sa.ColumnElement[bool]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


class Part(NamedTuple):
    condition: Condition
    order: tuple[sa.ColumnElement[Any], ...]


class Position(NamedTuple):
    value: Any
    id: int


class Order:
    """An order of the list by `columns`, then by id; `forward` is the way it is shown."""

    columns: tuple[str, ...] = ()

    def position(self, row: Any) -> Position:
        raise NotImplementedError

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        """Sort the whole list, where no index has to serve it."""
        raise NotImplementedError

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        """Return the stretches after `start`, or those before it in reverse."""
        raise NotImplementedError

    def encode(self, place: Position) -> str:
        value = "" if place.value is None else str(place.value)
        return f"{place.id}.{value}"

    def decode(self, cursor: str) -> Position | None:
        id_, _, value = cursor.partition(".")
        if not (id_.isascii() and id_.isdigit() and len(id_) < 19):
            return None
        try:
            return Position(self._value(value), int(id_))
        except (ValueError, OverflowError):
            return None

    def _value(self, text: str) -> Any:
        return text


class ByMoment(Order):
    """By a moment, rows without one last in both directions; of equals the newest or the oldest first."""

    def __init__(self, column: str, *, descending: bool, newest_first: bool) -> None:
        self._column, self._descending, self._newest_first = column, descending, newest_first
        self.columns = (column,)

    def position(self, row: Any) -> Position:
        moment = getattr(row, self._column)
        return Position(None if moment is None else (moment - EPOCH) // MICROSECOND, row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        at = getattr(row, self._column)
        return at.is_(None) if forward else at.is_not(None), *self._sorts(row, forward)[0]

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
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
        at, id_ = getattr(row, self._column), row.id
        by_id = id_.desc() if self._newest_first == forward else id_.asc()
        return (at.desc() if self._descending == forward else at.asc(), by_id), (by_id,)

    def _value(self, text: str) -> int | None:
        return int(text) if text and EPOCH + int(text) * MICROSECOND else None


class ByNewest(Order):
    def position(self, row: Any) -> Position:
        return Position(None, row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        return (row.id.desc() if forward else row.id.asc(),)

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        if start is None:
            return [Part(sa.true(), self.whole(row, forward))]
        beyond = row.id < start.id if forward else row.id > start.id
        return [Part(beyond, self.whole(row, forward))]


class ByName(Order):
    columns = ("name_key",)

    def position(self, row: Any) -> Position:
        return Position(row.name_key, row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        key, id_ = row.name_key, row.id
        return (key.asc(), id_.asc()) if forward else (key.desc(), id_.desc())

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        key, id_ = row.name_key, row.id
        order = self.whole(row, forward)
        if start is None:
            return [Part(sa.true(), order)]
        same = sa.and_(key == start.value, id_ > start.id if forward else id_ < start.id)
        return [Part(same, order[1:]), Part(key > start.value if forward else key < start.value, order)]


class ByLargest(Order):
    """By a number that is never null, the largest first; of equals the newest first."""

    def __init__(self, column: str) -> None:
        self._column = column
        self.columns = (column,)

    def position(self, row: Any) -> Position:
        return Position(getattr(row, self._column), row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        column, id_ = getattr(row, self._column), row.id
        return (column.desc(), id_.desc()) if forward else (column.asc(), id_.asc())

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        column, id_ = getattr(row, self._column), row.id
        order = self.whole(row, forward)
        if start is None:
            return [Part(sa.true(), order)]
        same = sa.and_(column == start.value, id_ < start.id if forward else id_ > start.id)
        return [Part(same, order[1:]), Part(column < start.value if forward else column > start.value, order)]

    def _value(self, text: str) -> int:
        return _bounded(int(text))


def _bounded(number: int) -> int:
    """Raise ValueError for a number that the database can't compare."""
    if abs(number) >= 2**63:
        raise ValueError
    return number


NEXT_MESSAGE = ByMoment("next_message_at", descending=False, newest_first=True)

ORDERS: dict[str, Order] = {
    "": NEXT_MESSAGE,
    "newest": ByNewest(),
    "name": ByName(),
    "last-order": ByMoment("last_order_at", descending=True, newest_first=True),
    "spent": ByLargest("total_spent"),
    "points": ByLargest("loyalty_points"),
}
