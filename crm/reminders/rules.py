"""The parts of the list of reminders, and the times to which one is moved."""

from __future__ import annotations

import datetime as dt
import enum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crm.kernel.reminders import EARLIEST, LAST_ID, LATEST, Key, Span
from crm.values import clock

MORNING, EVENING = dt.time(9), dt.time(18)
HOUR = dt.timedelta(hours=1)

_EPOCH, _MICROSECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)


class When(enum.StrEnum):
    """A part of the list: what is due now, or by the day on the organization's calendar."""

    NOW = ""
    OVERDUE = "overdue"
    TODAY = "today"
    LATER = "later"


class Later(enum.StrEnum):
    """When a reminder comes again."""

    HOUR = "hour"
    EVENING = "evening"
    TOMORROW = "tomorrow"


class Day(NamedTuple):
    """A moment of an organization's day."""

    now: dt.datetime
    zone: ZoneInfo

    @property
    def start(self) -> dt.datetime:
        return self._at(0, dt.time())

    @property
    def end(self) -> dt.datetime:
        return self._at(1, dt.time())

    @property
    def has_evening(self) -> bool:
        """Whether the evening is still to come, and not within the hour that is offered too."""
        return self._at(0, EVENING) > self.now + HOUR

    def part(self, when: When) -> Span:
        if when is When.OVERDUE:
            return self._span(before=Key(self.start, 0))
        if when is When.TODAY:
            return self._span(Key(self.start, 0), Key(self.end, 0))
        if when is When.LATER:
            return self._span(Key(self.end, 0))
        return self._span(before=Key(self.now, LAST_ID))

    def part_of(self, moment: dt.datetime) -> When:
        if moment < self.start:
            return When.OVERDUE
        return When.TODAY if moment < self.end else When.LATER

    def ahead(self) -> Span:
        """Return what is not due yet."""
        return self._span(Key(self.now, LAST_ID))

    def moment(self, later: Later) -> dt.datetime | None:
        """Return the time of a choice in UTC, in whole minutes; None when it has passed."""
        if later is Later.TOMORROW:
            return self._at(1, MORNING)
        if later is Later.EVENING:
            return self._at(0, EVENING) if self._at(0, EVENING) > self.now else None
        return (self.now + HOUR).replace(second=0, microsecond=0)

    def _span(self, after: Key = EARLIEST, before: Key = LATEST) -> Span:
        return Span(after, before, zone=self.zone)

    def _at(self, days: int, time: dt.time) -> dt.datetime:
        day = clock.to_local(self.now, self.zone).date() + dt.timedelta(days=days)
        return clock.at_or_after(dt.datetime.combine(day, time), self.zone)


class Cursor(NamedTuple):
    """A place in the order of all kinds."""

    at: dt.datetime
    kind: str
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.kind}-{self.id}"


def cursor_in(text: str) -> Cursor | None:
    """Read a cursor of a URL; None for anything else."""
    moment, _, name = text[:60].partition("-")
    ref = reference_in(name)
    if ref is None or not (moment.isascii() and moment.isdigit() and len(moment) < 18):
        return None
    try:
        at = _EPOCH + int(moment) * _MICROSECOND
    except OverflowError:
        return None
    return Cursor(at, *ref) if EARLIEST.at < at < LATEST.at else None


def reference_in(name: str) -> tuple[str, int] | None:
    """Read the name of a reminder, like follow-up-3; None for anything else."""
    kind, _, number = name.rpartition("-")
    is_id = number.isascii() and number.isdigit() and len(number) < 19
    return (kind, int(number)) if kind and is_id else None
