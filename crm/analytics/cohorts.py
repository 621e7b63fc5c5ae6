"""Cohorts: customers by the month of their first purchase day, and in which months after it they came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

LAST_MONTH = 61
"""Months after the first one that a mask of 62 bits holds."""

WITHIN = (30, 60, 90)
"""Days for coming back after the first purchase day."""


def month_of(day: dt.date) -> str:
    return f"{day:%Y-%m}"


def months_between(first: dt.date, day: dt.date) -> int:
    """Return how many calendar months a day is after the month of `first`."""
    return (day.year - first.year) * 12 + day.month - first.month


def first_day_of(month: str, after: int = 0) -> dt.date:
    """Return the first day of the calendar month `after` a month."""
    months = int(month[:4]) * 12 + int(month[5:]) - 1 + after
    return dt.date(months // 12, months % 12 + 1, 1)


def mask(days: Sequence[dt.date]) -> int:
    """Return a bit for each month with a purchase day: bit 0 is the cohort's own month."""
    found = 0
    for day in days:
        found |= 1 << min(months_between(days[0], day), LAST_MONTH + 1)
    return found & ((1 << (LAST_MONTH + 1)) - 1)


def months_shown(cohort: str, as_of: dt.date) -> int:
    """Return how many calendar months after the cohort's own are over."""
    return max(0, months_between(first_day_of(cohort), as_of) - 1)


def is_observed(cohort: str, within: int, as_of: dt.date) -> bool:
    """Whether `within` days after the first purchase have passed for everybody of the cohort."""
    last = first_day_of(cohort, 1) - dt.timedelta(days=1)
    return last + dt.timedelta(days=within) <= as_of


def latest(as_of: dt.date, number: int) -> Iterable[str]:
    """Return the months of the last cohorts, the oldest first."""
    this = month_of(as_of)
    return [month_of(first_day_of(this, -ago)) for ago in reversed(range(number))]
