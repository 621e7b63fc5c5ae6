"""Merge and unmerge the points ledgers of two customers.

A balance is the sum of the entries up to one, in the order of their ids, so all are recomputed. An applied deduction
stays as it was. Where both ledgers together cover what one alone did not, `asked` is cut to `applied`: the table
allows a difference only at a balance of 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.customers.signals import MergePair, customers_merged, customers_unmerged
from crm.kernel.columns import db_now, one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import update_many
from crm.loyalty import rules
from crm.loyalty.models import PointsEntry

TABLE = PointsEntry.__tablename__
NOTES = "points"


@customers_merged.connect
def merge_ledgers(pair: MergePair) -> None:
    """Recompute both ledgers as one, and note each entry's values from before."""
    entries = _entries_of(pair.survivor)
    balance, before, after = 0, {}, []
    for entry in entries:
        balance += entry.applied
        asked = entry.asked if balance == 0 else entry.applied
        if (asked, balance) != (entry.asked, entry.balance):
            before[str(entry.id)] = [entry.asked, entry.balance]
            after.append({"id": entry.id, "asked": asked, "balance": balance})
    update_many(PointsEntry, after)
    pair.notes[NOTES] = {"before": before, "last": entries[-1].id if entries else 0}
    _set_balance(pair.survivor, balance)
    _set_balance(pair.merged, 0)


@customers_unmerged.connect
def unmerge_ledgers(pair: MergePair) -> None:
    """Split the ledgers again; entries since the merge stay, except reversals of entries that move back."""
    pair.moved[TABLE] = pair.moved.get(TABLE, []) + _move_reversals(pair)
    notes = pair.notes[NOTES]
    for customer in (pair.survivor, pair.merged):
        lines = list(_recomputed(_entries_of(customer), notes["before"], notes["last"]))
        update_many(PointsEntry, lines)
        _set_balance(customer, lines[-1]["balance"] if lines else 0)


def _recomputed(
    entries: Sequence[PointsEntry], before: Mapping[str, Sequence[int]], last: int
) -> Iterator[dict[str, Any]]:
    """Yield the entries of one ledger: those up to `last` as before the merge, later ones by the points left."""
    balance = 0
    for entry in entries:
        asked, applied = entry.asked, entry.applied
        if entry.id > last:
            applied = rules.applied(balance, asked)
        elif str(entry.id) in before:
            asked = before[str(entry.id)][0]
        balance += applied
        yield {"id": entry.id, "asked": asked, "applied": applied, "balance": balance}


def _move_reversals(pair: MergePair) -> list[int]:
    statement = sa.select(PointsEntry.id).where(
        PointsEntry.customer_id == pair.survivor.id, one_of(PointsEntry.reverses_id, pair.moved.get(TABLE, []))
    )
    ids = list(db.session.scalars(statement))
    update_many(PointsEntry, [{"id": id_, "customer_id": pair.merged.id} for id_ in ids])
    return ids


def _entries_of(customer: Customer) -> Sequence[PointsEntry]:
    statement = sa.select(PointsEntry).where(PointsEntry.customer_id == customer.id).order_by(PointsEntry.id)
    return db.session.scalars(statement, execution_options={"populate_existing": True, "all_branches": True}).all()


def _set_balance(customer: Customer, balance: int) -> None:
    if customer.loyalty_points != balance:
        customer.loyalty_points, customer.tier = balance, rules.tier_of(balance).value
        customer.updated_at = db_now()
