"""What leads may be, as plain values."""

from __future__ import annotations

import datetime as dt

LIMITS = {"lost_reason": 500, "note": 2_000, "outcome": 2_000}
"""The most characters of each field that customers don't have, whichever way it comes."""

FIRST_YEAR, LAST_YEAR = 2000, 2100


def promised_date_problem(day: dt.date) -> str | None:
    """Return the sentence that says why nobody promises to pay on this day, or None."""
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        return None
    return f"Enter the promised date: a day from {FIRST_YEAR} to {LAST_YEAR}."


def week_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first day of a day's week, a Monday, and of the next one."""
    monday = day - dt.timedelta(days=day.weekday())
    return monday, monday + dt.timedelta(days=7)
