"""The words for what happens to a customer's points."""

from __future__ import annotations

from crm.customers.rules import Tier
from crm.customers.timeline import Happened, Told, Words, shortened
from crm.loyalty.services import MANUAL
from crm.web.filters import number, signed


def _changed(happened: Happened) -> Told:
    applied, asked, reason = happened.after("applied"), happened.after("asked"), happened.after("reason")
    said = f"{signed(applied)} {'point' if abs(applied) == 1 else 'points'}"
    lines = [] if asked == applied else [f"{signed(asked)} was asked; there were no more points"]
    source = happened.after("source")
    if source != MANUAL:
        lines.append(f"From {source}")
    return Told(f"{said} {shortened(reason)}" if reason else said, lines + _standing(happened))


def _rebuilt(happened: Happened) -> Told:
    return Told("Points counted again from their entries", _standing(happened))


def _standing(happened: Happened) -> list[str]:
    balance, tier = happened.after("loyalty_points"), happened.after("tier")
    said = [f"Balance {number(balance)}"] if balance is not None else []
    return [", ".join([*said, *([f"now {Tier(tier).label}"] if tier else [])])] if said or tier else []


WORDS: dict[str, Words | str] = {
    "points.changed": _changed,
    "points.reversed": _changed,
    "points.rebuilt": _rebuilt,
}
"""How each event is told."""
