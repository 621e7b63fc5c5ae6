"""Until when points can be spent."""

from __future__ import annotations

import datetime as dt
import enum
from typing import NamedTuple

from crm.loyalty.rules import add_months, end_of_month

DAY = dt.timedelta(days=1)
NOT_BEFORE = 30 * DAY
"""No change of the policy ends a lot earlier than this from now."""


class Expiry(enum.StrEnum):
    NONE = "none"
    MONTHS = "months"
    DAYS = "days"
    YEARLY = "yearly"
    INACTIVITY = "inactivity"


class ExpiryPolicy(NamedTuple):
    """months: to the end of the month, or of inactivity. day: MM-DD, for `yearly`."""

    kind: Expiry = Expiry.NONE
    months: int = 12
    days: int = 365
    day: str = "12-31"

    def last_day(self, entered: dt.date) -> dt.date | None:
        """Return the last day of points that were entered on a day; None if they never end."""
        if self.kind is Expiry.NONE:
            return None
        if self.kind is Expiry.MONTHS:
            return end_of_month(add_months(entered, self.months))
        if self.kind is Expiry.DAYS:
            return entered + self.days * DAY
        if self.kind is Expiry.INACTIVITY:
            return add_months(entered, self.months)
        this_year = _on(self.day, entered.year)
        return this_year if this_year > entered else _on(self.day, entered.year + 1)


def _on(day: str, year: int) -> dt.date:
    month, number = map(int, day.split("-"))
    return min(dt.date(year, month, 1) + (number - 1) * DAY, end_of_month(dt.date(year, month, 1)))


def grace_end(today: dt.date, days: int) -> dt.date:
    """Return the last day of points that come back after theirs was over; with no grace they are over at once."""
    return today + days * DAY if days else today - DAY
