"""The tier as a function of what counted on which day: up at once, down after a time of grace.

What takes back an earlier entry has that entry's day, so the past becomes what it would have been without it. Nothing
else remembers a tier: the same days give the same tier.
"""

from __future__ import annotations

import bisect
import datetime as dt
import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from crm.customers.rules import Tier
from crm.loyalty.rules import BOUNDS, add_months, tier_of

WINDOW_MONTHS = 12
DAY = dt.timedelta(days=1)
RANKS = {tier: rank for rank, tier in enumerate(Tier)}
BOUND = dict(BOUNDS)


class Window(enum.StrEnum):
    """Whose points count: of all time, of the last 12 months, or of this calendar year and the one before."""

    LIFETIME = "lifetime"
    ROLLING = "rolling"
    YEAR = "year"


class Policy(NamedTuple):
    """A window from a day on; who falls below their tier keeps it for `grace` days."""

    since: dt.date
    window: Window = Window.LIFETIME
    grace: int = 30


class Standing(NamedTuple):
    """A tier, since when, and what it takes to keep it.

    changes_on: when it changes if nothing more is earned. points: what counts now. stay: points that are missing to
    keep the tier, by the day `stay_by`.
    """

    tier: Tier
    since: dt.date | None
    changes_on: dt.date | None
    points: int
    stay_by: dt.date | None = None
    stay: int = 0

    @property
    def next_tier(self) -> Tier | None:
        rank = RANKS[self.tier] + 1
        return list(Tier)[rank] if rank < len(RANKS) else None

    @property
    def missing(self) -> int | None:
        """How many points the next tier takes."""
        following = self.next_tier
        return None if following is None else max(1, BOUND[following] - self.points)


class _Days:
    """Points by day, and their sums."""

    def __init__(self, counted: Mapping[dt.date, int]) -> None:
        self.days = sorted(counted)
        self.leaving = [add_months(day, WINDOW_MONTHS) for day in self.days]
        self._sums = [0]
        for day in self.days:
            self._sums.append(self._sums[-1] + counted[day])

    def until(self, day: dt.date) -> int:
        return self._sums[bisect.bisect_right(self.days, day)]

    def points(self, window: Window, day: dt.date, entered: dt.date | None = None) -> int:
        """Return what counts on a day, of entries up to `entered`."""
        entered = day if entered is None else entered
        if window is Window.LIFETIME:
            return self.until(entered)
        if window is Window.ROLLING:
            return self.until(entered) - self._sums[bisect.bisect_right(self.leaving, day)]
        return max(self.of_year(day.year, entered), self.of_year(day.year - 1, entered))

    def of_year(self, year: int, entered: dt.date) -> int:
        before, last = dt.date(year - 1, 12, 31), dt.date(year, 12, 31)
        return self.until(min(last, entered)) - self.until(before) if entered > before else 0


class _State:
    def __init__(self) -> None:
        self.tier = Tier.BRONZE
        self.since: dt.date | None = None
        self.falls_on: dt.date | None = None

    def become(self, tier: Tier, day: dt.date) -> None:
        if tier is not self.tier:
            self.tier, self.since = tier, day
        self.falls_on = None


def standing(counted: Mapping[dt.date, int], policies: Sequence[Policy], today: dt.date) -> Standing:
    """Return the tier on a day; `policies` are in the order of their days, at least one."""
    days, state = _Days(counted), _State()
    steps = [day for day in _steps(days, policies, today) if day <= today]
    for day in _with_falls(steps, state, today):
        _step(days, policies, state, day)
    window = _policy_on(policies, today).window
    points = days.of_year(today.year, today) if window is Window.YEAR else days.points(window, today)
    tier, since, falls_on = state.tier, state.since, state.falls_on
    short_from, changes_on = _ahead(days, policies, state, today)
    stay_by, stay = None, 0
    if tier is not Tier.BRONZE and window is not Window.LIFETIME and (short_from or falls_on) is not None:
        stay_by, stay = _to_stay(days, window, tier, today, short_from, falls_on)
    return Standing(tier, since, changes_on, points, stay_by, stay)


def _steps(days: _Days, policies: Sequence[Policy], today: dt.date) -> list[dt.date]:
    """Return the days on which something may change, also those to come."""
    found = {*days.days, *(policy.since for policy in policies[1:])}
    windows = {policy.window for policy in policies}
    if Window.ROLLING in windows:
        found.update(days.leaving)
    if Window.YEAR in windows and days.days:
        found.update(dt.date(year, 1, 1) for year in range(days.days[0].year + 1, today.year + 4))
    return sorted(found)


def _with_falls(steps: Sequence[dt.date], state: _State, last: dt.date) -> Iterator[dt.date]:
    """Yield the days in order, and between them those on which the tier falls."""
    for day in steps:
        while state.falls_on is not None and state.falls_on < day:
            yield state.falls_on
        yield day
    while state.falls_on is not None and state.falls_on <= last:
        yield state.falls_on


def _policy_on(policies: Sequence[Policy], day: dt.date) -> Policy:
    found = policies[0]
    for policy in policies:
        if policy.since <= day:
            found = policy
    return found


def _step(days: _Days, policies: Sequence[Policy], state: _State, day: dt.date) -> None:
    policy = _policy_on(policies, day)
    by_time = tier_of(days.points(policy.window, day, day - DAY))
    if RANKS[by_time] >= RANKS[state.tier]:
        state.become(by_time, day)
    elif state.falls_on is None and policy.grace:
        state.falls_on = day + policy.grace * DAY
    elif state.falls_on is None or state.falls_on <= day:
        state.become(by_time, day)
    by_entries = tier_of(days.points(policy.window, day))
    if RANKS[by_entries] >= RANKS[state.tier] or (state.tier is by_time and by_entries is not by_time):
        # What was corrected takes no time of grace.
        state.become(by_entries, day)


def _ahead(
    days: _Days, policies: Sequence[Policy], state: _State, today: dt.date
) -> tuple[dt.date | None, dt.date | None]:
    """Return the first day on which the points won't do, and that on which the tier changes, if nothing is earned."""
    tier, short_from = state.tier, None
    for day in _with_falls([day for day in _steps(days, policies, today) if day > today], state, dt.date.max):
        was_falling = state.falls_on is not None
        _step(days, policies, state, day)
        if state.tier is not tier:
            return short_from or (None if was_falling else day), day
        if short_from is None and state.falls_on is not None and not was_falling:
            short_from = day
    return short_from, None


def _to_stay(
    days: _Days, window: Window, tier: Tier, today: dt.date, short_from: dt.date | None, falls_on: dt.date | None
) -> tuple[dt.date, int]:
    """Return the last day to earn what keeps the tier, and how much that is."""
    looked_at = falls_on or short_from
    assert looked_at is not None  # noqa: S101 -- for the type checker
    last = looked_at - DAY
    if window is Window.YEAR:
        return last, max(0, BOUND[tier] - days.of_year(last.year, today))
    return last, max(0, BOUND[tier] - days.points(window, looked_at, today))
