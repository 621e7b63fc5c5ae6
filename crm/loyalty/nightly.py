"""What the passing of days does to points: lots that end, and tiers that change. Done a second time, nothing changes.

It is due at each midnight of the organization. Nothing that is shown or spent waits for it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.accounts.services import organization_changed
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.kernel.bulk_writer import Bulk
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.queue import stopping
from crm.kernel.tenancy import require_organization, use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.loyalty import notices, queries, tiers
from crm.loyalty.ledger import EXPIRED, expire_key
from crm.loyalty.models import LoyaltySettings, PointsDraw, PointsEntry
from crm.loyalty.rules import Kind
from crm.loyalty.signals import tier_reached
from crm.loyalty.words import ENDED
from crm.people.own_sources import POINTS_RULES
from crm.values import clock

KIND = "loyalty"
LEASE = dt.timedelta(minutes=10)
LOTS = 2_000
"""Lots that are closed in one transaction."""

TIERS = 1_000
"""Customers whose tiers are found anew in one transaction."""

ALL_BRANCHES = {"all_branches": True}


def plan_next(settings: LoyaltySettings) -> None:
    """Put the next midnight of the organization on the list of due work."""
    zone = clock.zone(current_organization().time_zone)
    tomorrow = clock.to_local(clock.utcnow(), zone).date() + dt.timedelta(days=1)
    due.put_off(KIND, [require_organization()], clock.at_or_after(dt.datetime.combine(tomorrow, dt.time()), zone))


@organization_changed.connect
def _other_zone(organization: Organization, changes: dict[str, Any]) -> None:
    if "time_zone" in changes and db.session.scalar(sa.select(LoyaltySettings.id)) is not None:
        due.put_off(KIND, [organization.id], database_now())


def do_if_due(organization_id: int) -> bool:
    """Do what is due in an organization; a worker that dies leaves it due."""
    with use_organization(organization_id):
        lease = Lease.take(KIND, LEASE)
        if not lease.ids:
            return False
        expire(lease)
        with transaction():
            if lease.lock_held():
                plan_next(queries.settings_here())
        return False


def expire(lease: Lease | None = None) -> Counter[str]:
    """Close lots past their date, find tiers anew that change, and tell customers; return how many of each."""
    found: Counter[str] = Counter(lots=0, points=0, customers=0, tiers=0, notices=0)
    for step in (_close_some, _review_some, _tell_some):
        while not stopping.is_set() and (done := step()) is not None:
            found.update(done)
            if lease is not None and not lease.renew(LEASE):
                return found
    return found


def review_some() -> None:
    """Find the first tiers anew that are due, at once; the others follow."""
    _review_some()
    with transaction():
        if db.session.scalar(sa.select(_due_for_review(queries.today_here()).exists())):
            due.put_off(KIND, [require_organization()], database_now())


def _close_some() -> Counter[str] | None:
    with transaction() as session:
        today = queries.today_here()
        over = (PointsEntry.remaining > sa.literal_column("0"), PointsEntry.expires_on < today)
        first = sa.select(PointsEntry.customer_id).where(*over, PointsEntry.expires_on.is_not(None))
        first = first.order_by(PointsEntry.expires_on, PointsEntry.customer_id).limit(LOTS)
        ids = sorted(set(session.scalars(first, execution_options=ALL_BRANCHES)))
        if not ids:
            return None
        of_these = sa.select(Customer.id, Customer.loyalty_points).where(one_of(Customer.id, ids)).order_by(Customer.id)
        balances = {
            row.id: row.loyalty_points for row in session.execute(locked(of_these), execution_options=ALL_BRANCHES)
        }
        lots = session.execute(
            sa.select(PointsEntry.id, PointsEntry.customer_id, PointsEntry.remaining)
            .where(one_of(PointsEntry.customer_id, list(balances)), *over)
            .order_by(PointsEntry.customer_id, PointsEntry.expires_on, PointsEntry.id),
            execution_options=ALL_BRANCHES,
        ).all()
        _close(lots, balances, today)
        points = sum(lot.remaining for lot in lots)
        return Counter(lots=len(lots), points=points, customers=len({lot.customer_id for lot in lots}))


def _close(lots: Sequence[Any], balances: dict[int, int], today: dt.date) -> None:
    """Write what Ledger.close_overdue writes, for many customers."""
    bulk, organization = Bulk(db.session()), require_organization()
    times = queries.times_closed([lot.id for lot in lots])
    ids, after = bulk.new_ids(PointsEntry, len(lots)), []
    before = dict(balances)
    for lot in lots:
        balances[lot.customer_id] -= lot.remaining
        after.append(balances[lot.customer_id])
    customers, taken = [lot.customer_id for lot in lots], [-lot.remaining for lot in lots]
    entry: dict[str, Any] = {
        "customer_id": customers,
        "asked": taken,
        "applied": taken,
        "balance": after,
        "reason": ENDED,
    }
    entry |= {"source": POINTS_RULES, "kind": Kind.EXPIRE, "of_id": [lot.id for lot in lots], "counts_on": today}
    entry["key"] = [expire_key(lot.id, times.get(lot.id, 0)) for lot in lots]
    bulk.insert(PointsEntry, len(lots), {"organization_id": organization, "id": ids, **entry})
    draw = {"entry_id": ids, "lot_id": [lot.id for lot in lots], "points": [lot.remaining for lot in lots]}
    bulk.insert(PointsDraw, len(lots), {"organization_id": organization, **draw})
    bulk.update(PointsEntry, [lot.id for lot in lots], {"remaining": 0})
    changed = sorted(set(customers))
    points = {"loyalty_points": [balances[id_] for id_ in changed], "updated_at": bulk.now}
    bulk.update(Customer, changed, points)
    changes = []
    for lot, balance in zip(lots, after, strict=True):
        told = {"asked": -lot.remaining, "applied": -lot.remaining, "reason": ENDED, "source": POINTS_RULES}
        standing = {"loyalty_points": [before[lot.customer_id], balance]}
        before[lot.customer_id] = balance
        changes.append(standing | {name: [None, value] for name, value in told.items()})
    event = {"action": EXPIRED, "subject": PointsEntry.__tablename__, "subject_id": ids, "customer_id": customers}
    bulk.insert(Event, len(lots), {"organization_id": organization, "changes": changes, "at": bulk.now, **event})
    db.session.expire_all()


def _tell_some() -> Counter[str] | None:
    number = notices.give_some()
    return None if number is None else Counter(notices=number)


def _due_for_review(today: dt.date) -> sa.Select[int]:
    return sa.select(Customer.id).where(Customer.tier_review_on <= today)


def _review_some() -> Counter[str] | None:
    with transaction() as session:
        today, settings = queries.today_here(), queries.settings_here()
        first = _due_for_review(today).order_by(Customer.tier_review_on).limit(TIERS)
        ids = sorted(session.scalars(first, execution_options=ALL_BRANCHES))
        if not ids:
            return None
        statement = locked(sa.select(Customer).where(one_of(Customer.id, ids)).order_by(Customer.id))
        customers = session.scalars(statement, execution_options=ALL_BRANCHES).all()
        counted = queries.counted_of_many(ids)
        found = [tiers.standing(counted.get(row.id, {}), settings.policies, today) for row in customers]
        was = [Tier(row.tier) for row in customers]
        _write(customers, found, was)
        return Counter(tiers=sum(one.tier is not before for one, before in zip(found, was, strict=True)))


def _write(customers: Sequence[Customer], found: Sequence[tiers.Standing], was: Sequence[Tier]) -> None:
    bulk, organization = Bulk(db.session()), require_organization()
    values = {
        "tier": [one.tier.value for one in found],
        "tier_since": [one.since for one in found],
        "tier_review_on": [one.changes_on for one in found],
    }
    changed = [
        (row.id, one, before) for row, one, before in zip(customers, found, was, strict=True) if one.tier is not before
    ]
    bulk.update(Customer, [row.id for row in customers], values)
    event = {
        "subject_id": [id_ for id_, *_ in changed],
        "customer_id": [id_ for id_, *_ in changed],
        "changes": [{"tier": [before.value, one.tier.value]} for _, one, before in changed],
    }
    event |= {"action": "tier.changed", "subject": Customer.__tablename__, "at": bulk.now}
    bulk.insert(Event, len(changed), {"organization_id": organization, **event})
    db.session.expire_all()
    for id_, one, before in changed:
        if tiers.RANKS[one.tier] > tiers.RANKS[before]:
            tier_reached.send(db.session.get_one(Customer, id_), old=before, new=one.tier)
