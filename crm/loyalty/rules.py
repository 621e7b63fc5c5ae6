"""Points and tiers."""

from __future__ import annotations

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


def tier_of(points: int) -> Tier:
    return next((tier for tier, bound in BOUNDS if points >= bound), Tier.BRONZE)


def applied(balance: int, points: int) -> int:
    """Return the change that `points` make: a deduction stops at 0."""
    return max(points, -balance)


def earned(amount: int, points: int, per: int) -> int:
    """Return `points` for each whole `per` of `amount`, at most MAX_POINTS; `per` 0 turns earning off."""
    return min(amount // per * points, MAX_POINTS) if per > 0 else 0


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
