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

from babel.dates import format_date, format_skeleton

from crm.values import clock, language
from crm.values.language import gettext as _
from crm.values.language import ngettext

MAX_EVERY = 365
LAST_YEAR = 2_200


class Frequency(enum.StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


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
        rule = self._rhythm(language.date_locale(locale))
        if self.until is None:
            return rule
        return _("%(rule)s, until %(date)s", rule=rule, date=clock.say_day(self.until, locale))

    def _rhythm(self, locale: str) -> str:
        start, every = self.starts_on, self.every
        if self.frequency is Frequency.WEEKLY:
            day = format_date(start, "EEEE", locale)
            return ngettext("every week on %(day)s", "every %(num)s weeks on %(day)s", every, day=day)
        if self.frequency is Frequency.MONTHLY:
            return self._of_months(_day_of_month(start.day))
        if self.frequency is Frequency.YEARLY:
            return self._of_years(format_skeleton("MMMMd", start, locale=locale), locale)
        return ngettext("every day", "every %(num)s days", every)

    def _of_months(self, day: str) -> str:
        if self.starts_on.day > 28:
            return ngettext(
                "every month on the %(day)s or the last day",
                "every %(num)s months on the %(day)s or the last day",
                self.every,
                day=day,
            )
        return ngettext("every month on the %(day)s", "every %(num)s months on the %(day)s", self.every, day=day)

    def _of_years(self, date: str, locale: str) -> str:
        if (self.starts_on.month, self.starts_on.day) == (2, 29):
            return ngettext(
                "every year on %(date)s, in other years on %(other)s",
                "every %(num)s years on %(date)s, in other years on %(other)s",
                self.every,
                date=date,
                other=format_skeleton("MMMMd", self.starts_on.replace(day=28), locale=locale),
            )
        return ngettext("every year on %(date)s", "every %(num)s years on %(date)s", self.every, date=date)

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


def _day_of_month(number: int) -> str:
    """Return 31st; the plain number where the language is not English."""
    if language.current().code != language.ENGLISH:
        return str(number)
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
