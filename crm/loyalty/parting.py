"""Two ledgers that were one: what each entry did, reckoned again with the lots that are its customer's."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from crm.loyalty import lots
from crm.loyalty.lots import Lot
from crm.loyalty.rules import Kind

Draws = dict[int, dict[int, int]]


class Entry(Protocol):
    id: int
    kind: Kind
    asked: int
    applied: int
    balance: int
    owed: int
    counts: int
    remaining: int
    expires_on: dt.date | None
    reverses_id: int | None
    of_id: int | None


@dataclasses.dataclass(slots=True)
class Parted:
    """An entry of one customer; `day` is when it was entered."""

    id: int
    kind: Kind
    day: dt.date
    asked: int
    applied: int
    balance: int
    owed: int
    counts: int
    remaining: int
    expires_on: dt.date | None
    reverses_id: int | None
    of_id: int | None

    @classmethod
    def of(cls, entry: Entry, day: dt.date, asked: int | None) -> Parted:
        names = (field.name for field in dataclasses.fields(cls) if field.name != "day")
        found = cls(day=day, **{name: getattr(entry, name) for name in names})
        found.asked = entry.asked if asked is None else asked
        return found

    @property
    def values(self) -> dict[str, Any]:
        """What may have changed."""
        names = ("id", "asked", "applied", "balance", "owed", "counts", "remaining")
        return {name: getattr(self, name) for name in names}


def part(entries: Sequence[Parted], draws: Mapping[int, Mapping[int, int]], start: int) -> Draws:
    """Reckon one customer's entries after `start` again, in the order of their ids; return the draws of all.

    `draws` are those from their own lots. What a redemption or a clawback no longer finds is owed; of what staff
    deducted, it is let go.
    """
    return _Parting(entries, draws).run(start)


class _Parting:
    def __init__(self, entries: Sequence[Parted], draws: Mapping[int, Mapping[int, int]]) -> None:
        self.entries = {entry.id: entry for entry in entries}
        self.before = draws
        self.draws: Draws = {}
        self.lots: dict[int, Lot] = {}
        self.balance = self.owed = 0

    def run(self, start: int) -> Draws:
        for entry in self.entries.values():
            if entry.id <= start:
                self._as_before(entry)
            elif entry.kind is Kind.SETTLE:
                self._settle(entry)
            elif entry.kind is Kind.EXPIRE:
                self._end(entry)
            elif (taken := self._taken(entry)) is not None:
                self._give_back(entry, taken)
            elif entry.applied > 0 or (entry.applied == 0 and entry.asked >= 0):
                self._open(entry, entry.applied)
            else:
                self._debit(entry)
            self.balance += entry.applied
            self.owed += entry.owed
            entry.balance = self.balance
            if self.balance:
                entry.asked = entry.applied if entry.id > start else entry.asked
        for entry in self.entries.values():
            entry.remaining = self.lots[entry.id].left if entry.id in self.lots else 0
        return self.draws

    def _as_before(self, entry: Parted) -> None:
        found = dict(self.before.get(entry.id, {}))
        self.draws[entry.id] = found
        for lot, points in found.items():
            self.lots[lot].left -= points
        self._open(entry, entry.applied + sum(found.values()))

    def _open(self, entry: Parted, points: int) -> None:
        if points > 0:
            self.lots[entry.id] = Lot(entry.id, entry.expires_on, points)

    def _taken(self, entry: Parted) -> Parted | None:
        """Return the entry whose points this one gives back."""
        found = self.entries.get(entry.reverses_id or 0)
        is_return = entry.kind in (Kind.RETURN, Kind.MANUAL) and found is not None
        return found if is_return and found is not None and (found.asked < 0 or found.kind is Kind.REDEEM) else None

    def _give_back(self, entry: Parted, taken: Parted) -> None:
        late, found = taken.owed, {}
        for lot_id, points in self.draws[taken.id].items():
            lot = self.lots[lot_id]
            if lot.is_over(entry.day):
                late += points
            else:
                lot.left += points
                found[lot_id] = -points
        entry.asked = entry.applied = late - sum(found.values())
        self.draws[entry.id] = found
        if entry.kind is Kind.MANUAL:
            entry.counts = entry.applied
        self._open(entry, late)

    def _debit(self, entry: Parted) -> None:
        first = {entry.of_id or 0}
        first |= {other.id for other in self.entries.values() if other.of_id == entry.of_id and other.applied > 0}
        there = [lot for lot in self.lots.values() if not lot.is_over(entry.day)]
        wanted = -entry.asked
        self._draw(entry, there, wanted, first if entry.of_id else set())
        missing = wanted + entry.applied
        if entry.kind is Kind.MANUAL:
            entry.owed = min(entry.owed, missing)
            entry.counts = entry.counts if entry.reverses_id else entry.applied
        else:
            entry.owed = missing

    def _end(self, entry: Parted) -> None:
        lot = self.lots.get(entry.of_id or 0)
        left = 0 if lot is None else lot.left if lot.is_over(entry.day) else min(lot.left, -entry.asked)
        self._draw(entry, [lot] if lot else [], left, ())
        entry.asked = entry.applied

    def _settle(self, entry: Parted) -> None:
        credit = self.entries.get(entry.of_id or 0)
        pays = min(max(self.owed, 0), credit.applied if credit else 0)
        first = {entry.of_id or 0, *(self.draws.get(entry.of_id or 0, {}))}
        there = [lot for lot in self.lots.values() if not lot.is_over(entry.day) or lot.id == entry.of_id]
        self._draw(entry, there, pays, first)
        entry.asked, entry.owed = entry.applied, entry.applied

    def _draw(self, entry: Parted, there: Sequence[Lot], points: int, first: Any) -> None:
        drawn = lots.draw(there, points, first)
        self.draws[entry.id] = {one.lot.id: one.points for one in drawn}
        entry.applied = -sum(one.points for one in drawn)
