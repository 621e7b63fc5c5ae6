from __future__ import annotations

from crm.customers.rules import Tier
from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.loyalty.services import MANUAL
from crm.web.filters import number, signed


def _changed(event: ActivityEvent) -> Activity:
    applied, asked, reason = event.after("applied"), event.after("asked"), event.after("reason")
    text = f"{signed(applied)} {'point' if abs(applied) == 1 else 'points'}"
    lines = [] if asked == applied else [f"{signed(asked)} was asked; there were no more points"]
    source = event.after("source")
    if source != MANUAL:
        lines.append(f"From {source}")
    return Activity(f"{text} {shortened(reason)}" if reason else text, lines + _standing(event))


def _rebuilt(event: ActivityEvent) -> Activity:
    return Activity("Points counted again from their entries", _standing(event))


def _standing(event: ActivityEvent) -> list[str]:
    balance, tier = event.after("loyalty_points"), event.after("tier")
    text = [f"Balance {number(balance)}"] if balance is not None else []
    return [", ".join([*text, *([f"now {Tier(tier).label}"] if tier else [])])] if text or tier else []


ACTIVITY: dict[str, ActivityText | str] = {
    "points.changed": _changed,
    "points.reversed": _changed,
    "points.rebuilt": _rebuilt,
}
