"""Points and tiers: what a change of points comes to, and the sentences for what it can't be."""

from __future__ import annotations

import re

from crm.customers.rules import Tier
from crm.values.text import ascii_digits

MAX_POINTS = 1_000_000
"""The most points that one change adds or deducts."""

MAX_REASON = 200

BOUNDS = ((Tier.PLATINUM, 1_000), (Tier.GOLD, 500), (Tier.SILVER, 100), (Tier.BRONZE, 0))
"""From how many points on a tier is reached, the highest first."""

NO_NUMBER = "Enter a whole number of points, in digits alone, like 50 or -50."
NOTHING = "Enter how many points, more or less than 0."
TOO_MANY = f"Enter at most {MAX_POINTS:,} points at a time."


def tier_of(points: int) -> Tier:
    """Return the tier of a balance."""
    return next((tier for tier, bound in BOUNDS if points >= bound), Tier.BRONZE)


def applied(balance: int, points: int) -> int:
    """Return what a change of `points` comes to: a deduction takes no more than there is."""
    return max(points, -balance)


def earned(amount: int, points: int, per: int) -> int:
    """Return what an amount earns: `points` for each whole `per` of it, both in hundredths; nothing while one is 0.

    It is no more than one change may add.
    """
    return min(amount // per * points, MAX_POINTS) if per > 0 else 0


def earned_key(key: str) -> str:
    """Return the ledger's key for what is earned under `key`; the keys of requests begin otherwise."""
    return f"earned:{key}"


def read_points(text: str) -> int:
    """Return the points that somebody typed, with a sign or without; raises ValueError with a sentence."""
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
    """Return the sentence that says why nobody can change a balance by so much, or None."""
    if points == 0:
        return NOTHING
    return TOO_MANY if abs(points) > MAX_POINTS else None
