"""When a badge is reached; pure."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from crm.values.language import N_

MAX_NAME = 100
MAX_TARGET = 1_000_000
"""Of all but amounts."""
MAX_TIMES = 1_000
MAX_DAYS = 3_660
KEPT_AFTER = dt.timedelta(hours=24)
"""A badge whose metric falls below the target later than this stays; what it gave goes back all the same."""


class Metric(enum.StrEnum):
    VISITS = "visits"
    PURCHASE_DAYS = "purchase_days"
    SPEND = "spend"
    REFERRALS = "referrals"
    WEEKS_IN_A_ROW = "weeks_in_a_row"

    @property
    def label(self) -> str:
        return _METRICS[self]


_METRICS = {
    Metric.VISITS: N_("Days with a visit"),
    Metric.PURCHASE_DAYS: N_("Days with a purchase"),
    Metric.SPEND: N_("Money spent"),
    Metric.REFERRALS: N_("Friends they brought"),
    Metric.WEEKS_IN_A_ROW: N_("Weeks in a row with a visit"),
}


class Period(enum.StrEnum):
    EVER = "ever"
    MONTH = "month"
    YEAR = "year"
    ROLLING = "rolling"

    @property
    def label(self) -> str:
        return _PERIODS[self]


_PERIODS = {
    Period.EVER: N_("Ever"),
    Period.MONTH: N_("In a month"),
    Period.YEAR: N_("In a year"),
    Period.ROLLING: N_("In so many days"),
}


class Reward(enum.StrEnum):
    NONE = "none"
    POINTS = "points"
    VOUCHER = "voucher"

    @property
    def label(self) -> str:
        return _REWARDS[self]


_REWARDS = {Reward.NONE: N_("Nothing but the badge"), Reward.POINTS: N_("Points"), Reward.VOUCHER: N_("A voucher")}


class Picture(enum.StrEnum):
    """Icons of icons.svg."""

    STAR = "star"
    SUN = "sun"
    MOON = "moon"
    SHOP = "shop"
    PEOPLE = "people"
    PERSON = "person"
    RECEIPT = "receipt"
    CALENDAR = "calendar-event"
    CLOCK = "clock"
    PLACE = "geo-alt"

    @property
    def label(self) -> str:
        return _PICTURES[self]


_PICTURES = {
    Picture.STAR: N_("Star"),
    Picture.SUN: N_("Sun"),
    Picture.MOON: N_("Moon"),
    Picture.SHOP: N_("Shop"),
    Picture.PEOPLE: N_("People"),
    Picture.PERSON: N_("Person"),
    Picture.RECEIPT: N_("Receipt"),
    Picture.CALENDAR: N_("Calendar"),
    Picture.CLOCK: N_("Clock"),
    Picture.PLACE: N_("Place"),
}


class Day(NamedTuple):
    """What a customer did on a day; `spent` is an amount, `referrals` are friends who bought that day."""

    date: dt.date
    is_visit: bool = False
    is_purchase: bool = False
    spent: int = 0
    referrals: int = 0


class Rule(NamedTuple):
    """`days` go with a rolling period.

    Periods before `since`, when the badge was made, give nothing; one without a period counts all that ever was.
    """

    metric: Metric
    target: int
    period: Period
    since: dt.date
    days: int = 0


def reached(rule: Rule, history: Sequence[Day]) -> list[str]:
    """Return the places that a customer has by a history in order: `1`, `2`, or the periods `2026-11`, `2026`."""
    if rule.period is Period.EVER:
        number = _times(rule.metric, rule.target, history)
    elif rule.period is Period.ROLLING:
        number = _rolling(rule, history)
    else:
        return _periods(rule, history)
    return [str(place) for place in range(1, min(number, MAX_TIMES) + 1)]


def counts_places(period: Period) -> bool:
    """Whether places are numbers, and no names of periods."""
    return period in (Period.EVER, Period.ROLLING)


def _times(metric: Metric, target: int, history: Sequence[Day]) -> int:
    if metric is Metric.WEEKS_IN_A_ROW:
        return sum(length // target for length in _runs(history))
    return _total(metric, history) // target


def _periods(rule: Rule, history: Sequence[Day]) -> list[str]:
    length = len("2026-11" if rule.period is Period.MONTH else "2026")
    first = rule.since.isoformat()[:length]
    found: dict[str, list[Day]] = {}
    for day in history:
        name = day.date.isoformat()[:length]
        if name >= first:
            found.setdefault(name, []).append(day)
    return [name for name, days in found.items() if _times(rule.metric, rule.target, days) > 0]


def _rolling(rule: Rule, history: Sequence[Day]) -> int:
    """Count how often the last days made the target; a day counts for one time alone."""
    number, begin = 0, 0
    for end, day in enumerate(history):
        while history[begin].date <= day.date - dt.timedelta(days=rule.days):
            begin += 1
        if day.date >= rule.since and _times(rule.metric, rule.target, history[begin : end + 1]) > 0:
            number, begin = number + 1, end + 1
            if number == MAX_TIMES or begin == len(history):
                break
    return number


def _total(metric: Metric, days: Iterable[Day]) -> int:
    match metric:
        case Metric.VISITS:
            return sum(day.is_visit or day.is_purchase for day in days)
        case Metric.PURCHASE_DAYS:
            return sum(day.is_purchase for day in days)
        case Metric.SPEND:
            return sum(day.spent for day in days)
        case _:
            return sum(day.referrals for day in days)


def _runs(history: Iterable[Day]) -> list[int]:
    """Return the lengths of the runs of weeks, from Monday, with a visit in each."""
    runs: list[int] = []
    before = None
    for day in history:
        if not (day.is_visit or day.is_purchase):
            continue
        monday = day.date - dt.timedelta(days=day.date.weekday())
        if before == monday:
            continue
        if before is not None and monday - before == dt.timedelta(days=7):
            runs[-1] += 1
        else:
            runs.append(1)
        before = monday
    return runs
