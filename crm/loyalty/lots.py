"""Lots of points, in the order in which they are drawn from."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable
from typing import NamedTuple


@dataclasses.dataclass(slots=True)
class Lot:
    """What is `left` of an entry that added points; `expires_on` is the last day to spend them."""

    id: int
    expires_on: dt.date | None
    left: int

    def is_over(self, today: dt.date) -> bool:
        return self.expires_on is not None and self.expires_on < today


class Drawn(NamedTuple):
    lot: Lot
    points: int


def in_order(lots: Iterable[Lot], first: Collection[int] = ()) -> list[Lot]:
    """Sort lots as they are drawn from: those with the ids in `first`, the others by the end of their time."""
    return sorted(lots, key=lambda lot: (lot.id not in first, lot.expires_on or dt.date.max, lot.id))


def draw(lots: Iterable[Lot], points: int, first: Collection[int] = ()) -> list[Drawn]:
    """Take points out of lots, as many as there are."""
    found = []
    for lot in in_order(lots, first):
        if points <= 0:
            break
        if taken := min(points, lot.left):
            lot.left -= taken
            points -= taken
            found.append(Drawn(lot, taken))
    return found
