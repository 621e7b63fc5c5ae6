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


class NextMessage(Order):
    """By the earliest message that needs something; those without one after them, newest first."""

    columns = ("next_message_at",)

    def position(self, row: Any) -> Position:
        """Return the place of a row."""
        moment = row.next_message_at
        return Position(None if moment is None else (moment - EPOCH) // MICROSECOND, row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        """Return what sorts the whole list by the columns of `row`, where no index has to serve it."""
        at, id_ = row.next_message_at, row.id
        if forward:
            return at.is_(None), at.asc(), id_.desc()
        return at.is_not(None), at.desc(), id_.asc()

    def _value(self, text: str) -> int | None:
        return int(text) if text and EPOCH + int(text) * MICROSECOND else None

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        """Return the stretches: the same moment, later moments, no moment."""
        at, id_ = row.next_message_at, row.id
        by_id = id_.desc() if forward else id_.asc()
        with_message = Part(at.is_not(None), (at.asc() if forward else at.desc(), by_id))
        without = Part(at.is_(None), (by_id,))
        if start is None:
            return [with_message, without] if forward else [without, with_message]
        beyond = id_ < start.id if forward else id_ > start.id
        if start.value is None:
            rest = Part(sa.and_(at.is_(None), beyond), (by_id,))
            return [rest] if forward else [rest, with_message]
        moment = EPOCH + start.value * MICROSECOND
        same = Part(sa.and_(at == moment, beyond), (by_id,))
        further = Part(at > moment if forward else at < moment, with_message.order)
        return [same, further, without] if forward else [same, further]


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
    """By a number or a moment, the largest first; those without one after them; of equals the newest first."""

    def __init__(self, column: str, *, is_moment: bool = False) -> None:
        self._column, self._is_moment = column, is_moment
        self.columns = (column,)

    def position(self, row: Any) -> Position:
        """Return the place of a row."""
        value = getattr(row, self._column)
        return Position((value - EPOCH) // MICROSECOND if isinstance(value, dt.datetime) else value, row.id)

    def whole(self, row: Any, forward: bool) -> tuple[sa.ColumnElement[Any], ...]:
        """Return what sorts the whole list by the columns of `row`, where no index has to serve it."""
        column, id_ = getattr(row, self._column), row.id
        if forward:
            return column.is_(None), column.desc(), id_.desc()
        return column.is_not(None), column.asc(), id_.asc()

    def parts(self, row: Any, start: Position | None, forward: bool) -> list[Part]:
        """Return the stretches: the same value, smaller ones, none; a column that is never empty has no last one."""
        column, id_ = getattr(row, self._column), row.id
        by_id = id_.desc() if forward else id_.asc()
        ordered = (column.desc() if forward else column.asc(), by_id)
        with_value, without = Part(column.is_not(None), ordered), Part(column.is_(None), (by_id,))
        rest = [without] if self._is_moment else []
        if start is None:
            return [with_value, *rest] if forward else [*rest, with_value]
        beyond = id_ < start.id if forward else id_ > start.id
        if start.value is None:
            here = Part(sa.and_(column.is_(None), beyond), (by_id,))
            return [here] if forward else [here, with_value]
        value = EPOCH + start.value * MICROSECOND if self._is_moment else start.value
        same = Part(sa.and_(column == value, beyond), (by_id,))
        further = Part(column < value if forward else column > value, ordered)
        return [same, further, *rest] if forward else [same, further]

    def _value(self, text: str) -> int | None:
        if not self._is_moment:
            return _bounded(int(text))
        return int(text) if text and EPOCH + int(text) * MICROSECOND else None


def _bounded(number: int) -> int:
    """Return a number that the database can compare; raises ValueError for another."""
    if abs(number) >= 2**63:
        raise ValueError
    return number


ORDERS: dict[str, Order] = {
    "": NextMessage(),
    "newest": Newest(),
    "name": Name(),
    "last-order": Largest("last_order_at", is_moment=True),
    "spent": Largest("total_spent"),
    "points": Largest("loyalty_points"),
}
