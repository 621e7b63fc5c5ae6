"""Reads of the list of reminders: the kinds' rows, merged by time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from crm.kernel.manifest import catalog
from crm.kernel.reminders import LAST_ID, DueRow, Key, ReminderKind, Span
from crm.reminders.rules import Cursor, Day, When
from crm.values.language import N_
from crm.web.due import Numbers, numbers_of

PAGE_SIZE = 50
COUNTED = 1_000
"""The highest exact count of a part."""

TITLES = {When.OVERDUE: N_("Overdue"), When.TODAY: N_("Today"), When.LATER: N_("Later")}


class Place(NamedTuple):
    """A reminder in the order of all."""

    kind: ReminderKind
    due: DueRow

    @property
    def name(self) -> str:
        return f"{self.kind.key}-{self.due.id}"

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.due.at, self.kind.key, self.due.id)

    @property
    def order(self) -> tuple[Any, ...]:
        return self.due.at, self.kind.place, self.due.id


class Reminder(NamedTuple):
    place: Place
    row: Any

    @property
    def name(self) -> str:
        return self.place.name


class First(NamedTuple):
    """The first reminders of a part, and their numbers."""

    places: Sequence[Place]
    numbers: Numbers

    @property
    def number(self) -> int:
        return self.numbers.total

    @property
    def shown_number(self) -> str:
        return shown_count(self.number)

    @property
    def marks(self) -> Hashable:
        """Return a value that changes with everything that is shown."""
        return self.number, tuple((place.name, place.due.at, place.due.mark) for place in self.places)

    @property
    def rows(self) -> list[Reminder]:
        return loaded(self.places)


class ReminderPage(NamedTuple):
    """`groups` are its rows by title: what is overdue before the rest."""

    rows: Sequence[Reminder]
    before: Cursor | None
    after: Cursor | None
    groups: Sequence[tuple[str, Sequence[Reminder]]] = ()


def counts_of(day: Day) -> dict[When, Numbers]:
    return {when: numbers_of(day.part(when), COUNTED) for when in When}


def first(span: Span, most: int, counted: int = COUNTED) -> First:
    """Return the first reminders, and how many there are; asks the kinds alone that have some."""
    numbers = numbers_of(span, counted)
    return First(_merged(span._replace(most=most), {}, numbers.kinds), numbers)


def page_of(
    day: Day,
    when: When,
    *,
    after: Cursor | None,
    before: Cursor | None,
    number: int,
    kinds: Sequence[ReminderKind] | None = None,
) -> ReminderPage:
    """Return the page after or before a cursor, or by number, of all kinds or of those that are known to have some."""
    span = day.part(when)
    backwards = before is not None
    cursor = before or after
    skip = 0 if cursor else (number - 1) * PAGE_SIZE
    span = span._replace(most=skip + PAGE_SIZE + 1, backwards=backwards)
    kinds = catalog().reminders if kinds is None else kinds
    found = _merged(span, {kind.key: _bound(kind, cursor) for kind in kinds} if cursor else {}, kinds)[skip:]
    places, has_more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    if backwards:
        places.reverse()
    has_earlier, has_later = (has_more, True) if backwards else (bool(cursor or skip), has_more)
    rows = loaded(places)
    return ReminderPage(
        rows,
        places[0].cursor if places and has_earlier else None,
        places[-1].cursor if places and has_later else None,
        _groups(rows, day),
    )


def shown_count(number: int) -> str:
    return f"{COUNTED:,}+" if number >= COUNTED else str(number)


def _groups(rows: Sequence[Reminder], day: Day) -> list[tuple[str, Sequence[Reminder]]]:
    parts = itertools.groupby(rows, lambda reminder: day.part_of(reminder.place.due.at))
    return [(str(TITLES[part]), list(part_rows)) for part, part_rows in parts]


def loaded(places: Sequence[Place]) -> list[Reminder]:
    """Read the rows of the places; one that is gone meanwhile is left out."""
    rows: dict[str, Mapping[int, Any]] = {}
    unread = [place for place in places if place.due.row is None]
    for kind in dict.fromkeys(place.kind for place in unread):
        rows[kind.key] = kind.load([place.due.id for place in unread if place.kind is kind])
    found = [(place, place.due.row or rows[place.kind.key].get(place.due.id)) for place in places]
    return [Reminder(place, row) for place, row in found if row is not None]


def _merged(span: Span, bounds: Mapping[str, Key], kinds: Sequence[ReminderKind]) -> list[Place]:
    """Return the first rows of the kinds in the span's direction; `bounds` is where each kind begins."""
    parts = []
    for kind in kinds:
        part = span
        if bound := bounds.get(kind.key):
            part = (
                span._replace(before=min(bound, span.before))
                if span.backwards
                else span._replace(after=max(bound, span.after))
            )
        parts.append([Place(kind, row) for row in kind.due(part)])
    merged = heapq.merge(*parts, key=lambda place: place.order, reverse=span.backwards)
    return list(merged)[: span.most]


def _bound(kind: ReminderKind, cursor: Cursor) -> Key:
    """Return where a kind goes on beside a cursor, by the order of kinds that are due at the same time."""
    if kind.key == cursor.kind:
        return Key(cursor.at, cursor.id)
    places = {each.key: each.place for each in catalog().reminders}
    comes_first = kind.place < places.get(cursor.kind, 0)
    return Key(cursor.at, LAST_ID if comes_first else 0)
