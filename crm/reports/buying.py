"""What one customer bought, and what all of them say: pure."""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from crm.analytics import cohorts
from crm.analytics.backtest import WEEKS
from crm.analytics.bgnbd import History
from crm.analytics.gamma_gamma import Spending

TEST_DAYS = 7 * WEEKS
FEWEST_FOR_RHYTHM = 3

Day = tuple[dt.date, int]
"""A purchase day, and the amount of it."""


class Period(NamedTuple):
    """as_of: the last day that counts. since: the first one of the look-back."""

    as_of: dt.date
    since: dt.date

    @property
    def tested_from(self) -> dt.date:
        """The day until which the back-test knows everything."""
        return self.as_of - dt.timedelta(days=TEST_DAYS)


class Buying(NamedTuple):
    """Facts of a customer: columns of `CustomerScore`, and what the models are fitted to.

    known_days, known_last: purchase days until the back-test, and the last of them; came: those since, of one known.
    """

    customer_id: int
    first_day: dt.date
    last_day: dt.date
    days_ever: int
    spent_ever: int
    spent_first: int
    purchase_days: int
    spent: int
    gap_days: int | None
    months: int
    back_after: int | None
    known_days: int
    known_last: dt.date
    came: int

    def since_last(self, as_of: dt.date) -> int:
        return (as_of - self.last_day).days

    def history(self, as_of: dt.date) -> History:
        weeks, t = (self.last_day - self.first_day).days / 7, (as_of - self.first_day).days / 7
        return History(self.days_ever - 1, weeks, t)

    def known_history(self, until: dt.date) -> History:
        """Return what was known at the back-test's day, of one who had bought by then."""
        weeks, t = (self.known_last - self.first_day).days / 7, (until - self.first_day).days / 7
        return History(self.known_days - 1, weeks, t)

    @property
    def spending(self) -> Spending:
        again = self.days_ever - 1
        return Spending(again, (self.spent_ever - self.spent_first) / again if again else 0.0)


def buying_of(customer_id: int, days: Sequence[Day], period: Period) -> Buying:
    """Return the facts of a customer with at least one purchase day, in order."""
    dates = [day for day, _ in days]
    recent = [amount for day, amount in days if day >= period.since]
    known = [day for day in dates if day <= period.tested_from]
    gaps = [(after - before).days for before, after in itertools.pairwise(dates)]
    return Buying(
        customer_id=customer_id,
        first_day=dates[0],
        last_day=dates[-1],
        days_ever=len(days),
        spent_ever=sum(amount for _, amount in days),
        spent_first=days[0][1],
        purchase_days=len(recent),
        spent=sum(recent),
        gap_days=round(statistics.median(gaps)) if len(dates) >= FEWEST_FOR_RHYTHM else None,
        months=cohorts.mask(dates),
        back_after=gaps[0] if gaps else None,
        known_days=len(known),
        known_last=known[-1] if known else dates[0],
        came=len(dates) - len(known) if known else 0,
    )
