"""Birthdays: a day of the year, and the year of birth where it is known."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from crm.values.days import FIRST_YEAR

LEAP_YEAR = 2000
"""Stands for the year of a day that has none."""
_WRITTEN = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})", re.ASCII)


def parts(written: str) -> tuple[str, int | None]:
    """Split `1990-02-14` or `02-14` into the day and the year; raises ValueError for what is no day."""
    found = _WRITTEN.fullmatch(written)
    year = int(found[1]) if found and found[1] else None
    if found is None or (year is not None and year < FIRST_YEAR):
        raise ValueError(f"{written!r} is no birthday")
    dt.date(year or LEAP_YEAR, int(found[2]), int(found[3]))
    return written[-5:], year


def written(day: str, year: int | None) -> str:
    """Return a birthday as the API writes it; blank for none."""
    return f"{year:04}-{day}" if day and year else day


def is_over(written: str, today: dt.date) -> bool:
    """Whether somebody can have been born on this day."""
    day, year = parts(written)
    return year is None or (year, day) <= (today.year, f"{today:%m-%d}")


def in_year(day: str, year: int) -> dt.date:
    """Return the day on which a birthday is in a year: 29 February is 28 February where there is none."""
    month, number = int(day[:2]), int(day[3:])
    return dt.date(year, month, 28 if (month, number) == (2, 29) and not calendar.isleap(year) else number)


def next_one(day: str, today: dt.date) -> dt.date:
    """Return the next day on which a birthday is, today included."""
    this = in_year(day, today.year)
    return this if this >= today else in_year(day, today.year + 1)


def days_between(first: dt.date, last: dt.date) -> list[str]:
    """Return the birthdays, as `02-14`, that are on the days from `first` to `last`, a year at most."""
    span = range(min((last - first).days, 365) + 1)
    found = [first + dt.timedelta(days=number) for number in span]
    named = dict.fromkeys(f"{day:%m-%d}" for day in found)
    if any(f"{day:%m-%d}" == "02-28" and not calendar.isleap(day.year) for day in found):
        named["02-29"] = None
    return list(named)
