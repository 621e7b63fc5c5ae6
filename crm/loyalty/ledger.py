"""A customer's ledger under their lock: what every change of points goes through.

An entry is written with its draws; the lots, the balance, what is owed and the tier follow in the same transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.kernel.columns import db_now
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import KeyReusedError
from crm.kernel.tenancy import current_actor, insert_many, update_many
from crm.loyalty import expiry, lots, queries, tiers
from crm.loyalty.first_lots import Before, lots_of
from crm.loyalty.lots import Drawn, Lot
from crm.loyalty.models import LoyaltySettings, PointsDraw, PointsEntry
from crm.loyalty.rules import NEVER_COUNT, Kind
from crm.loyalty.signals import tier_reached
from crm.loyalty.words import ENDED, SETTLEMENT
from crm.people.own_sources import POINTS_RULES
from crm.values import clock

CHANGED, REVERSED = "points.changed", "points.reversed"
REDEEMED, RETURNED, EXPIRED, SETTLED = "points.redeemed", "points.returned", "points.expired", "points.settled"

TOLD = ("asked", "applied", "reason", "source")
"""What an event says of an entry."""

BEFORE_LOTS = dt.date(2000, 1, 1)
"""The day that entries of before lots count on."""

STANDING = ("loyalty_points", "points_owed", "tier", "tier_since", "tier_review_on")


class Ledger:
    """What a locked customer has. Entries are written one after the other, each as if it were the only one."""

    def __init__(self, customer: Customer) -> None:
        self.customer = customer
        self.today = queries.today_here()
        self._risen: list[tuple[Tier, Tier]] = []
        self.settings: LoyaltySettings = queries.settings_here()
        self.lots = queries.open_lots(customer.id)
        self._counted: dict[dt.date, int] | None = None

    @property
    def spendable(self) -> int:
        return sum(lot.left for lot in self.lots if not lot.is_over(self.today))

    def close_overdue(self) -> None:
        """Take away what is left of lots past their date, whatever the job did."""
        over = [lot for lot in self.lots if lot.is_over(self.today)]
        if not over:
            return
        for lot in lots.in_order(over):
            self._end(lot, lot.left)

    def credit(self, action: str, entry: PointsEntry) -> PointsEntry:
        """Add points as a lot; they pay first what is owed."""
        self.close_overdue()
        entry.applied = entry.remaining = entry.asked
        if entry.asked > 0:
            entry.expires_on = self.settings.expiry_policy.last_day(self.today)
        self._write(action, entry, [])
        if entry.remaining:
            self.lots.append(Lot(entry.id, entry.expires_on, entry.remaining))
        self._prolong(entry)
        self._settle(entry, {entry.id})
        self._tell()
        return entry

    def debit(
        self,
        action: str,
        entry: PointsEntry,
        among: Collection[Lot] | None = None,
        *,
        first: Collection[int] = (),
        owes: int = 0,
    ) -> PointsEntry:
        """Take points out of lots, as many as there are; of those that are missing at most `owes` are owed."""
        if among is None:
            self.close_overdue()
            among = self.lots
        drawn = lots.draw(among, -entry.asked, first)
        entry.applied = -sum(one.points for one in drawn)
        entry.owed = min(owes, entry.applied - entry.asked)
        return self._write(action, entry, drawn)

    def give_back(self, action: str, entry: PointsEntry, taken: PointsEntry) -> PointsEntry:
        """Return what an entry took to the same lots; what is of lots past their date comes back for a while."""
        self.close_overdue()
        drawn, late, again = [], taken.owed, 0
        for lot, points, kind in queries.drawn_by(taken.id):
            if lot.is_over(self.today):
                late += points
                again += points if kind is Kind.RETURN else 0
                continue
            known = next((open_ for open_ in self.lots if open_.id == lot.id), None)
            if known is None:
                self.lots.append(known := lot)
            known.left += points
            drawn.append(Drawn(known, -points))
        # What it took without points there, and owes, is among what comes back late, and then pays that.
        entry.asked = entry.applied = late - sum(one.points for one in drawn)
        entry.remaining = late
        entry.expires_on = expiry.grace_end(self.today, self.settings.return_grace_days) if late else None
        self._write(action, entry, drawn)
        own = Lot(entry.id, entry.expires_on, late)
        if late:
            self.lots.append(own)
        self._settle(entry, {entry.id, *(one.lot.id for one in drawn)})
        self.close_overdue()
        if lapsed := min(again, own.left):
            # Points that came back late once before are over now: nothing is prolonged twice.
            self._end(own, lapsed)
        self._tell()
        return entry

    def _end(self, lot: Lot, points: int) -> None:
        times = queries.times_closed([lot.id]).get(lot.id, 0)
        key = expire_key(lot.id, times)
        entry = PointsEntry(kind=Kind.EXPIRE, asked=-points, reason=ENDED, source=POINTS_RULES, key=key, of_id=lot.id)
        self.debit(EXPIRED, entry, [lot])

    def _settle(self, credit: PointsEntry, first: Collection[int]) -> None:
        """Pay what the customer owes by points that came in."""
        pays = min(self.customer.points_owed, credit.applied)
        if pays > 0:
            key = f"settle:{credit.id}"
            entry = PointsEntry(kind=Kind.SETTLE, asked=-pays, owed=-pays, key=key, of_id=credit.id)
            entry.reason, entry.source, entry.applied = SETTLEMENT, POINTS_RULES, -pays
            self._write(SETTLED, entry, lots.draw(self.lots, pays, first))

    def _prolong(self, entry: PointsEntry) -> None:
        """Move all lots on where they end by inactivity: an earning is activity."""
        if entry.kind is Kind.EARN and self.settings.expiry is expiry.Expiry.INACTIVITY:
            prolong(self.lots, self.settings, self.today)

    def _write(self, action: str, entry: PointsEntry, drawn: Sequence[Drawn]) -> PointsEntry:
        customer = self.customer
        entry.customer_id, entry.created_by_id = customer.id, current_actor()
        entry.owed = entry.owed or 0
        entry.counts = 0 if entry.kind in NEVER_COUNT else entry.counts if entry.counts is not None else entry.applied
        entry.counts_on = entry.counts_on or self.today
        if entry.counts:
            # Read before anything changes: a read writes what has changed.
            self._count(entry)
        entry.balance = customer.loyalty_points + entry.applied
        before = customer.tier
        customer.loyalty_points, customer.points_owed = entry.balance, customer.points_owed + entry.owed
        if entry.counts:
            set_standing(customer, self._counted or {}, self.settings, self.today)
        changes = {name: values for name, values in changes_of(customer).items() if name in STANDING}
        if changes:
            customer.updated_at = db_now()
        try:
            with db.session.begin_nested():
                db.session.add(entry)
        except IntegrityError:
            # The key made an entry of another customer, whose lock is not this one.
            raise KeyReusedError from None
        self._draw(entry, drawn)
        told: dict[str, Any] = {field: [None, getattr(entry, field)] for field in TOLD}
        if entry.owed:
            told["owed"] = [None, entry.owed]
        record(action, entry, customer_id=customer.id, changes=changes | told)
        if tiers.RANKS[Tier(customer.tier)] > tiers.RANKS[Tier(before)]:
            self._risen.append((Tier(before), Tier(customer.tier)))
        return entry

    def _tell(self) -> None:
        """Tell of a higher tier once all is written: listeners may give points for it."""
        risen, self._risen = self._risen, []
        for old, new in risen:
            tier_reached.send(self.customer, old=old, new=new)

    def _draw(self, entry: PointsEntry, drawn: Sequence[Drawn]) -> None:
        insert_many(PointsDraw, [{"entry_id": entry.id, "lot_id": one.lot.id, "points": one.points} for one in drawn])
        write_left([one.lot for one in drawn])
        self.lots = [lot for lot in self.lots if lot.left]

    def _count(self, entry: PointsEntry) -> None:
        if self._counted is None:
            self._counted = queries.counted_of(self.customer.id)
        self._counted[entry.counts_on] = self._counted.get(entry.counts_on, 0) + entry.counts


def set_standing(customer: Customer, counted: Mapping[dt.date, int], settings: LoyaltySettings, today: dt.date) -> None:
    found = tiers.standing(counted, settings.policies, today)
    customer.tier, customer.tier_since, customer.tier_review_on = found.tier.value, found.since, found.changes_on


def write_left(changed: Sequence[Lot]) -> None:
    """Store what is left of lots, also in the rows that the session knows."""
    update_many(PointsEntry, [{"id": lot.id, "remaining": lot.left} for lot in changed])
    _forget(changed, "remaining")


def prolong(open_: Sequence[Lot], settings: LoyaltySettings, active_on: dt.date) -> None:
    """Let lots end later, as if they were of a day of activity."""
    until = settings.expiry_policy.last_day(active_on)
    moved = [lot for lot in open_ if lot.expires_on is not None and until is not None and lot.expires_on < until]
    for lot in moved:
        lot.expires_on = until
    update_many(PointsEntry, [{"id": lot.id, "expires_on": lot.expires_on} for lot in moved])
    _forget(moved, "expires_on")


def _forget(changed: Sequence[Lot], name: str) -> None:
    session = db.session()
    for lot in changed:
        known = session.identity_map.get(session.identity_key(PointsEntry, lot.id))
        if known is not None:
            session.expire(known, [name])


def expire_key(lot_id: int, times: int) -> str:
    """Return the key of the entry that closes a lot; only an undone merge lets one be closed again."""
    return f"expire:{lot_id}:{times + 1}" if times else f"expire:{lot_id}"


def rebuild_lots(customer_id: int) -> bool:
    """Set what is left of each lot by the draws; False when nothing differs."""
    wrong = [Lot(id_, None, max(0, left)) for id_, left in queries.wrong_lots(customer_id)]
    write_left(wrong)
    return bool(wrong)


def give_first_lots(most: int) -> int:
    """Make lots of the entries of customers who have none, without changing a balance or a tier; return how many."""
    without = PointsEntry.counts_on == BEFORE_LOTS
    ids = db.session.scalars(sa.select(PointsEntry.customer_id).where(without).distinct().limit(most)).all()
    zone = clock.zone(current_organization().time_zone)
    for customer_id in ids:
        statement = sa.select(PointsEntry).where(PointsEntry.customer_id == customer_id).order_by(PointsEntry.id)
        entries = db.session.scalars(statement).all()
        found = lots_of(Before(row.id, row.applied, row.key, row.reverses_id) for row in entries)
        days: dict[int, dt.date] = {}
        for row in entries:
            days[row.id] = days.get(row.reverses_id or 0, clock.to_local(row.created_at, zone).date())
            row.kind, row.of_id, row.remaining = Kind(found.kinds[row.id]), row.reverses_id, found.left.get(row.id, 0)
            row.counts, row.counts_on = row.applied, days[row.id]
        db.session.flush()
        insert_many(PointsDraw, [draw._asdict() for draw in found.draws])
        customer = db.session.get_one(Customer, customer_id)
        set_standing(customer, queries.counted_of(customer_id), queries.settings_here(), queries.today_here())
    return len(ids)
