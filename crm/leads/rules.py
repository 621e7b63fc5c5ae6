"""What leads may be, as plain values."""

from __future__ import annotations

import datetime as dt

from crm.values.language import gettext as _

LIMITS = {"lost_reason": 500, "note": 2_000, "outcome": 2_000}
"""Characters of fields that customers don't have."""

FIRST_YEAR, LAST_YEAR = 2000, 2100


def promised_date_problem(day: dt.date) -> str | None:
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        return None
    return _("Enter the promised date: a day from %(first)s to %(last)s.", first=FIRST_YEAR, last=LAST_YEAR)


def week_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """Return the Mondays of a day's week and of the next one."""
    monday = day - dt.timedelta(days=day.weekday())
    return monday, monday + dt.timedelta(days=7)
