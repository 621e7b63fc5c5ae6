"""What of the ledger does not add up: balance, entries, lots, draws, what is owed, and tiers."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.customers.models import Customer
from crm.customers.rules import TotalsDifference
from crm.kernel.extensions import db
from crm.loyalty import tiers
from crm.loyalty.models import PointsDraw, PointsEntry


class WrongLot(NamedTuple):
    """An entry, what it says remains of it, and what the draws leave."""

    customer_id: int
    id: int
    remaining: int
    left: int


def differences(policies: Sequence[tiers.Policy], today: dt.date) -> list[TotalsDifference]:
    """Return all, by customer; each statement reads one snapshot."""
    return sorted(
        [
            *_wrong_balances(),
            *_wrong_debts(),
            *_wrong_tiers(policies, today),
            *_wrong_entries(),
            *(_of_lot(row) for row in wrong_lots()),
            *_strange_draws(),
        ]
    )


def wrong_lots(customer_id: int | None = None) -> list[WrongLot]:
    """Compare remainders with entries and draws, of one customer or of all."""
    own, of_lot = aliased(PointsDraw), aliased(PointsDraw)
    drew = sa.select(own.entry_id, sa.func.sum(own.points).label("points")).group_by(own.entry_id).subquery()
    drawn = sa.select(of_lot.lot_id, sa.func.sum(of_lot.points).label("points")).group_by(of_lot.lot_id).subquery()
    left = (PointsEntry.applied + sa.func.coalesce(drew.c.points, 0) - sa.func.coalesce(drawn.c.points, 0)).label(
        "left"
    )
    found = (
        sa.select(PointsEntry.customer_id, PointsEntry.id, PointsEntry.remaining, left)
        .outerjoin(drew, drew.c.entry_id == PointsEntry.id)
        .outerjoin(drawn, drawn.c.lot_id == PointsEntry.id)
        .where(sa.or_(left != PointsEntry.remaining, left < 0))
        .order_by(PointsEntry.id)
    )
    if customer_id is not None:
        found = found.where(PointsEntry.customer_id == customer_id)
    return [WrongLot(of, id_, remaining, int(left)) for of, id_, remaining, left in db.session.execute(found)]


def _of_lot(row: WrongLot) -> TotalsDifference:
    sentence = f"has {row.remaining} points left of entry {row.id}; the draws leave {row.left}."
    return TotalsDifference(row.customer_id, sentence)


def _wrong_balances() -> list[TotalsDifference]:
    rows = _sums(PointsEntry.applied, Customer.loyalty_points)
    return [TotalsDifference(id_, f"has {points} points; the entries make {made}.") for id_, points, made in rows]


def _wrong_debts() -> list[TotalsDifference]:
    rows = _sums(PointsEntry.owed, Customer.points_owed)
    return [TotalsDifference(id_, f"owes {points} points; the entries make {made}.") for id_, points, made in rows]


def _sums(column: Any, kept: Any) -> Sequence[Any]:
    sums = (
        sa.select(PointsEntry.customer_id, sa.func.sum(column).label("points"))
        .group_by(PointsEntry.customer_id)
        .subquery()
    )
    total = sa.func.coalesce(sums.c.points, 0)
    return db.session.execute(
        sa.select(Customer.id, kept, total)
        .outerjoin(sums, sums.c.customer_id == Customer.id)
        .where(sa.or_(kept != total, kept < 0))
    ).all()


def _wrong_tiers(policies: Sequence[tiers.Policy], today: dt.date) -> Iterator[TotalsDifference]:
    """Find each tier anew by what counted on which day; those that change now are not wrong yet."""
    idle = sa.select(PointsEntry.id).where(PointsEntry.customer_id == Customer.id).exists()
    kept = (Customer.id, Customer.tier, Customer.tier_since, Customer.tier_review_on)
    without = sa.select(*kept).where(~idle, sa.or_(Customer.tier != "bronze", Customer.tier_since.is_not(None)))
    rows = db.session.execute(
        sa.select(*kept, PointsEntry.counts_on, sa.func.sum(PointsEntry.counts))
        .join(PointsEntry, PointsEntry.customer_id == Customer.id)
        .group_by(*kept, PointsEntry.counts_on)
        .order_by(Customer.id)
    ).all()
    for row in db.session.execute(without).all():
        yield from _wrong_tier(row.id, tuple(row)[1:], tiers.standing({}, policies, today))
    for id_, group in itertools.groupby(rows, key=lambda row: row[0]):
        found = list(group)
        _, tier, since, changes_on = found[0][:4]
        if changes_on is None or changes_on > today:
            counted = {row[4]: int(row[5]) for row in found}
            yield from _wrong_tier(id_, (tier, since, changes_on), tiers.standing(counted, policies, today))


def _wrong_tier(id_: int, kept: Sequence[Any], found: tiers.Standing) -> Iterator[TotalsDifference]:
    tier, since, changes_on = kept
    if tier != found.tier:
        yield TotalsDifference(id_, f"is {tier}; {found.points} points make them {found.tier.value}.")
    elif (since, changes_on) != (found.since, found.changes_on):
        said = f"is {tier} since {since} and until {changes_on}; by the entries since {found.since}"
        yield TotalsDifference(id_, f"{said} and until {found.changes_on}.")


def _wrong_entries() -> list[TotalsDifference]:
    running = sa.func.sum(PointsEntry.applied).over(partition_by=PointsEntry.customer_id, order_by=PointsEntry.id)
    made = sa.select(PointsEntry.id, PointsEntry.customer_id, PointsEntry.balance, running.label("points")).subquery()
    rows = db.session.execute(sa.select(made).where(made.c.balance != made.c.points))
    return [
        TotalsDifference(row.customer_id, f"had {row.points} points after entry {row.id}, which says {row.balance}.")
        for row in rows
    ]


def _strange_draws() -> list[TotalsDifference]:
    lot = aliased(PointsEntry)
    rows = db.session.execute(
        sa.select(PointsEntry.customer_id, PointsEntry.id, lot.id, lot.customer_id)
        .select_from(PointsDraw)
        .join(PointsEntry, PointsEntry.id == PointsDraw.entry_id)
        .join(lot, lot.id == PointsDraw.lot_id)
        .where(PointsEntry.customer_id != lot.customer_id)
    )
    return [
        TotalsDifference(of, f"drew by entry {id_} from lot {other}, which is customer {whose}'s.")
        for of, id_, other, whose in rows
    ]
