"""What features give to the list of reminders: rows in the order of their due time, and what is done with many.

A reminder's name is its kind's key and its id: `message-12`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crm.kernel.columns import BigInt, UtcDateTime


class Key(NamedTuple):
    """A place in the order of one kind."""

    at: dt.datetime
    id: int


EARLIEST = Key(dt.datetime(1900, 1, 1, tzinfo=dt.UTC), 0)
LATEST = Key(dt.datetime(9000, 1, 1, tzinfo=dt.UTC), 0)
LAST_ID = 2**62


class Span(NamedTuple):
    """The rows between two keys, both excluded: the first `most`, or the last ones `backwards`.

    `zone` says where days end.
    """

    after: Key = EARLIEST
    before: Key = LATEST
    most: int = 1
    backwards: bool = False
    zone: ZoneInfo = ZoneInfo("UTC")

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of `within` and MOST."""
        return {
            "after_at": self.after.at,
            "after_id": self.after.id,
            "before_at": self.before.at,
            "before_id": self.before.id,
            "most": self.most,
        }


MOST: sa.BindParameter[int] = sa.bindparam("most", type_=sa.Integer)


class DueRow(NamedTuple):
    """A reminder in the order of its kind; `mark` changes with everything that is shown of it.

    `row` is what its template shows, where it was read already.
    """

    at: dt.datetime
    id: int
    mark: tuple[Any, ...]
    row: Any = None


class Changes(NamedTuple):
    """What was done with many rows.

    undo: by id, what undoing it needs, in JSON values, among them how the row was left: what somebody did since stays.
    same: the number that were so before. refused: a sentence for each that stayed.
    """

    undo: dict[int, Any]
    same: int = 0
    refused: Sequence[str] = ()

    @property
    def found(self) -> int:
        return len(self.undo) + self.same + len(self.refused)


@dataclasses.dataclass(frozen=True, eq=False)
class ReminderKind:
    """One kind of reminder; kinds that are due at the same time are shown by `place`.

    template: shows `row`, one of `load`, in the list: who, what, when and its own actions.
    due: rows of a span, the first or last ones in the span's direction.
    ids: the due rows of a span by `parameters`, at most MOST, to count them.
    done, undo_done, move, undo_move: services for many; unknown ids are skipped. A kind that can't be moved has none.
    """

    key: str
    place: int
    template: str
    due: Callable[[Span], list[DueRow]]
    ids: sa.Select[Any]
    parameters: Callable[[Span], dict[str, Any]]
    load: Callable[[Sequence[int]], Mapping[int, Any]]
    done: Callable[[Sequence[int]], Changes]
    undo_done: Callable[[Mapping[int, Any]], int]
    move: Callable[[Sequence[int], dt.datetime], Changes]
    undo_move: Callable[[Mapping[int, Any]], int]


def stamp(moment: dt.datetime | None) -> str | None:
    """Return a moment of a row as `Changes.undo` keeps it."""
    return moment.isoformat() if moment else None


def within(at: Any, id_: Any) -> sa.ColumnElement[bool]:
    """Match the rows of a span by `Span.parameters`, with the bounds of the time apart, for the index."""
    after, before = _bind("after_at", UtcDateTime()), _bind("before_at", UtcDateTime())
    return sa.and_(
        at >= after,
        at <= before,
        sa.or_(at > after, id_ > _bind("after_id", BigInt)),
        sa.or_(at < before, id_ < _bind("before_id", BigInt)),
    )


def by_time(at: Any, id_: Any, *, backwards: bool) -> tuple[Any, Any]:
    return (at.desc(), id_.desc()) if backwards else (at, id_)


def _bind(name: str, type_: Any) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=type_)
