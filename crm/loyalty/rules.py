"""Points and tiers."""

from __future__ import annotations

import datetime as dt
import enum
import re

from crm.customers.rules import Tier
from crm.values.language import N_
from crm.values.text import ascii_digits

MAX_POINTS = 1_000_000
"""Per change."""

MAX_REASON = 200

BOUNDS = ((Tier.PLATINUM, 1_000), (Tier.GOLD, 500), (Tier.SILVER, 100), (Tier.BRONZE, 0))

NO_NUMBER = N_("Enter a whole number of points, digits only, like 50 or -50.")
NOTHING = N_("Enter how many points, more or less than 0.")
TOO_MANY = N_("Enter at most 1,000,000 points at a time.")


ONE = 1_000
"""A multiplier of one: multipliers are thousandths."""


class Kind(enum.StrEnum):
    """What an entry is.

    earn: by an invoice. bonus, referral: given by a rule. manual: by staff, both ways. redeem: spent for a reward.
    return: of a redemption. expire: of a lot past its date. clawback: of what was earned or given. settle: of what was
    owed, by a credit. merge_fix: a correction after a merge.
    """

    EARN = "earn"
    BONUS = "bonus"
    REFERRAL = "referral"
    MANUAL = "manual"
    REDEEM = "redeem"
    RETURN = "return"
    EXPIRE = "expire"
    CLAWBACK = "clawback"
    SETTLE = "settle"
    MERGE_FIX = "merge_fix"


NEVER_COUNT = frozenset({Kind.REDEEM, Kind.RETURN, Kind.EXPIRE, Kind.SETTLE, Kind.MERGE_FIX})
"""Kinds that never decide the tier."""


def tier_of(points: int) -> Tier:
    return next((tier for tier, bound in BOUNDS if points >= bound), Tier.BRONZE)


def applied(balance: int, points: int) -> int:
    """Return the change that `points` make: a deduction stops at 0."""
    return max(points, -balance)


def earned(amount: int, points: int, per: int, multiplier: int = ONE) -> int:
    """Return `points` for every `per` of `amount`, rounded down once, at most MAX_POINTS; `per` 0 turns earning off."""
    return min(amount * points * multiplier // (per * ONE), MAX_POINTS) if per > 0 else 0


def combined(thousandths: list[int], *, add_up: bool) -> int:
    """Return the multiplier of those that fit: the highest, or with `add_up` one and what each adds to it."""
    if not thousandths:
        return ONE
    return ONE + sum(each - ONE for each in thousandths) if add_up else max(thousandths)


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, _days_in(year, month + 1)))


def end_of_month(day: dt.date) -> dt.date:
    return day.replace(day=_days_in(day.year, day.month))


def _days_in(year: int, month: int) -> int:
    first_of_next = dt.date(year + month // 12, month % 12 + 1, 1)
    return (first_of_next - dt.timedelta(days=1)).day


def earned_key(key: str) -> str:
    """Prefix `key` so that no request's key can equal it."""
    return f"earned:{key}"


def read_points(text: str) -> int:
    """Parse typed points; raises ValueError with a sentence."""
    plain = ascii_digits(text).replace("\u2212", "-").replace(" ", "")
    if not plain:
        raise ValueError(NOTHING)
    if not re.fullmatch(r"[+-]?\d+", plain, re.ASCII):
        raise ValueError(NO_NUMBER)
    # Beyond that many digits only the size matters, and Python refuses to read thousands of them.
    digits = plain.lstrip("+-").lstrip("0")[:12]
    points = int(f"{'-' if plain.startswith('-') else ''}{digits or 0}")
    sentence = problem(points)
    if sentence:
        raise ValueError(sentence)
    return points


def problem(points: int) -> str | None:
    if points == 0:
        return NOTHING
    return TOO_MANY if abs(points) > MAX_POINTS else None
