"""Recurrence rules: pure dates and times.

Months and years are counted from the first date, so nothing drifts: from the 31st it is the last day of shorter months,
and the 31st again after them; from 29 February it is 28 February in other years. The time of day follows the
organization's clocks: a skipped time becomes the first moment after the skip, a repeated one the first of the two.
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crm.values import clock

MAX_EVERY = 365
LAST_YEAR = 2_200


class Frequency(enum.StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"

    @property
    def unit(self) -> str:
        return {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}[self.value]


class NextOccurrence(NamedTuple):
    """The date of the rule, and the time in UTC."""

    date: dt.date
    moment: dt.datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """Every n days, weeks, months or years from a date, at a time of day, until a date (inclusive) or for ever."""

    frequency: Frequency
    every: int
    starts_on: dt.date
    at: dt.time
    until: dt.date | None = None

    def date(self, number: int) -> dt.date | None:
        """Return the date of occurrence `number`, 0 for the first; None after the end."""
        found = self._date(number * self.every)
        return None if found is None or (self.until is not None and found > self.until) else found

    def next_after(self, moment: dt.datetime, zone: ZoneInfo) -> NextOccurrence | None:
        """Return the first occurrence after `moment`, on the clocks of `zone`; None for none."""
        number = self._number_before(moment.astimezone(zone).date())
        while (date := self.date(number)) is not None:
            found = clock.at_or_after(dt.datetime.combine(date, self.at), zone)
            if found > moment:
                return NextOccurrence(date, found)
            number += 1
        return None

    def count_between(self, after: dt.date, before: dt.date) -> int:
        number, count = self._number_before(after), 0
        while (date := self.date(number)) is not None and date < before:
            count += date > after
            number += 1
        return count

    def said(self, locale: str = "en_GB") -> str:
        """Describe the rule: `every month on the 31st or the last day, until Friday 31 December 2027`."""
        every = f"every {self.every} {self.frequency.unit}s" if self.every > 1 else f"every {self.frequency.unit}"
        until = f", until {clock.say_day(self.until, locale)}" if self.until else ""
        return f"{every}{self._on()}{until}"

    def _on(self) -> str:
        start = self.starts_on
        if self.frequency is Frequency.WEEKLY:
            return f" on {start:%A}"
        if self.frequency is Frequency.MONTHLY:
            return f" on the {_ordinal(start.day)}{' or the last day' if start.day > 28 else ''}"
        if self.frequency is Frequency.YEARLY:
            other = ", in other years on 28 February" if (start.month, start.day) == (2, 29) else ""
            return f" on {start.day} {start:%B}{other}"
        return ""

    def _date(self, steps: int) -> dt.date | None:
        start = self.starts_on
        if self.frequency in (Frequency.DAILY, Frequency.WEEKLY):
            days = steps * (7 if self.frequency is Frequency.WEEKLY else 1)
            found = start + dt.timedelta(days=days) if days < 400 * 366 else None
        else:
            months = steps * (12 if self.frequency is Frequency.YEARLY else 1) + start.year * 12 + start.month - 1
            year, month = months // 12, months % 12 + 1
            found = None
            if year <= LAST_YEAR:
                found = dt.date(year, month, min(start.day, calendar.monthrange(year, month)[1]))
        return found if found and found.year <= LAST_YEAR else None

    def _number_before(self, day: dt.date) -> int:
        """Return the number of an occurrence not later than `day`, close to it."""
        days = max((day - self.starts_on).days, 0)
        length = {Frequency.DAILY: 1, Frequency.WEEKLY: 7, Frequency.MONTHLY: 31, Frequency.YEARLY: 366}[self.frequency]
        return max(days // (length * self.every) - 1, 0)


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
