"""When an amount earns more than usual."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from crm.customers.rules import Tier
from crm.loyalty.tiers import RANKS

AROUND_BIRTHDAY = 3
"""Days before and after a birthday that are its week."""


class MultiplierKind(enum.StrEnum):
    """tier: from this tier on."""

    TIER = "tier"
    WEEKDAY = "weekday"
    DATES = "dates"
    BRANCH = "branch"
    BIRTHDAY_WEEK = "birthday_week"


class Multiplier(Protocol):
    id: int
    kind: MultiplierKind
    tier: Tier | None
    weekday: int | None
    starts_on: dt.date | None
    ends_on: dt.date | None
    branch_id: int | None
    thousandths: int


class Purchase(NamedTuple):
    """What decides which multipliers fit; `birthday` is MM-DD."""

    day: dt.date
    tier: Tier
    branch_id: int | None = None
    birthday: str = ""


def times_shown(thousandths: int) -> str:
    """Write a multiplier as it is typed: 1.5."""
    whole, rest = divmod(thousandths, 1_000)
    return f"{whole}.{f'{rest:03}'.rstrip('0')}" if rest else str(whole)


def fitting(multipliers: Sequence[Multiplier], purchase: Purchase) -> list[Multiplier]:
    return [one for one in multipliers if _fits(one, purchase)]


def _fits(one: Multiplier, purchase: Purchase) -> bool:
    day = purchase.day
    if one.kind is MultiplierKind.TIER:
        return one.tier is not None and RANKS[purchase.tier] >= RANKS[one.tier]
    if one.kind is MultiplierKind.WEEKDAY:
        return day.weekday() == one.weekday
    if one.kind is MultiplierKind.DATES:
        return (one.starts_on is None or one.starts_on <= day) and (one.ends_on is None or day <= one.ends_on)
    if one.kind is MultiplierKind.BRANCH:
        return one.branch_id is not None and purchase.branch_id == one.branch_id
    return is_birthday_week(purchase.birthday, day)


def is_birthday_week(birthday: str, day: dt.date) -> bool:
    """Whether a day is at most three days from a birthday; that of 29 February is on the 28th in other years."""
    return any(
        abs((day - found).days) <= AROUND_BIRTHDAY
        for year in (day.year - 1, day.year, day.year + 1)
        if (found := _birthday_in(birthday, year)) is not None
    )


def _birthday_in(birthday: str, year: int) -> dt.date | None:
    try:
        month, number = map(int, birthday.split("-"))
        if (month, number) == (2, 29):
            return dt.date(year, 3, 1) - dt.timedelta(days=1)
        return dt.date(year, month, number)
    except ValueError:
        return None
