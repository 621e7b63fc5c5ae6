"""Lots and draws of a ledger that has none: of the time before them, oldest first.

Migration 0049 and restores of older archives read it, so it stays as it is.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

_BOUNDS = (100, 500, 1_000)
_REVERSAL = re.compile(r"reverse:\d{1,18}", re.ASCII)


class Before(NamedTuple):
    """An entry of a customer; entries come in the order of their ids."""

    id: int
    applied: int
    key: str
    reverses_id: int | None


class Draw(NamedTuple):
    entry_id: int
    lot_id: int
    points: int


class Lots(NamedTuple):
    """`left` is what remains of each lot, by the id of its entry."""

    kinds: dict[int, str]
    left: dict[int, int]
    draws: list[Draw]


def lots_of(entries: Iterable[Before]) -> Lots:
    """Make lots of one customer's entries; a deduction never takes more than there is."""
    kinds: dict[int, str] = {}
    left: dict[int, int] = {}
    draws: list[Draw] = []
    filled: deque[int] = deque()
    earned: set[int] = set()
    for entry in entries:
        kinds[entry.id] = _kind(entry, earned)
        if kinds[entry.id] == "earn":
            earned.add(entry.id)
        if entry.applied > 0:
            left[entry.id] = entry.applied
            filled.append(entry.id)
            continue
        wanted = -entry.applied
        while wanted and filled:
            lot = filled[0]
            taken = min(wanted, left[lot])
            draws.append(Draw(entry.id, lot, taken))
            wanted -= taken
            left[lot] -= taken
            if not left[lot]:
                filled.popleft()
    return Lots(kinds, {id_: points for id_, points in left.items() if points}, draws)


def _kind(entry: Before, earned: set[int]) -> str:
    if entry.key.startswith("earned:"):
        return "earn"
    if _REVERSAL.fullmatch(entry.key) and entry.reverses_id in earned:
        return "clawback"
    return "manual"


def since_of(changes: Iterable[tuple[dt.date, int]]) -> dt.date | None:
    """Return the day since which the sum of points makes the tier that they make now; None if it was never another."""
    by_day: dict[dt.date, int] = {}
    for day, points in changes:
        by_day[day] = by_day.get(day, 0) + points
    tier, since, total = 0, None, 0
    for day in sorted(by_day):
        total += by_day[day]
        now = sum(total >= bound for bound in _BOUNDS)
        if now != tier:
            tier, since = now, day
    return since
