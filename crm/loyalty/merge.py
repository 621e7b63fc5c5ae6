"""Merge and unmerge the points ledgers of two customers.

Merged, they are one: all entries, lots and draws. A balance is the sum of the entries up to one, in the order of their
ids, so all are recomputed. An applied deduction stays as it was. Where both ledgers together cover what one alone did
not, `asked` is cut to `applied`: the table allows a difference only at a balance of 0.

Unmerged, each has what was theirs. What was entered since stays with the survivor, unless it follows from an entry that
moves back, and is reckoned again where it drew from lots that are somebody else's now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.signals import MergePair, customers_merged, customers_unmerged
from crm.kernel.columns import db_now, one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many, update_many
from crm.loyalty import queries
from crm.loyalty.ledger import set_standing
from crm.loyalty.models import PointsDraw, PointsEntry
from crm.loyalty.parting import Parted, part
from crm.values import clock

TABLE = PointsEntry.__tablename__
NOTES = "points"
ALL_BRANCHES = {"all_branches": True}


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
    _set(pair.survivor, entries)
    _set(pair.merged, [])


@customers_unmerged.connect
def unmerge_ledgers(pair: MergePair) -> None:
    """Split the ledgers again; entries since the merge stay, except those that follow from entries that move back."""
    pair.moved[TABLE] = pair.moved.get(TABLE, []) + _move_followers(pair)
    notes = pair.notes[NOTES]
    both = {customer.id: _entries_of(customer) for customer in (pair.survivor, pair.merged)}
    draws = _draws_of([entry.id for entries in both.values() for entry in entries])
    whose = {entry.id: entry.customer_id for entries in both.values() for entry in entries}
    # Of the time before lots, a customer may have drawn from the other's before they were merged.
    is_mixed = any(whose[id_] != whose[lot] for id_ in draws if id_ <= notes["last"] for lot in draws[id_])
    start = 0 if is_mixed else notes["last"]
    zone = clock.zone(current_organization().time_zone)
    for customer in (pair.survivor, pair.merged):
        rows = []
        for entry in both[customer.id]:
            asked, _ = notes["before"].get(str(entry.id), (None, None)) if entry.id <= notes["last"] else (None, None)
            rows.append(Parted.of(entry, clock.to_local(entry.created_at, zone).date(), asked))
        _write(rows, {row.id: draws.get(row.id, {}) for row in rows}, part(rows, draws, start))
        db.session.expire_all()
        _set(customer, _entries_of(customer))


def _write(
    rows: Sequence[Parted], before: Mapping[int, Mapping[int, int]], after: Mapping[int, Mapping[int, int]]
) -> None:
    update_many(PointsEntry, [row.values for row in rows])
    changed = [id_ for id_, found in before.items() if dict(found) != dict(after.get(id_, {}))]
    if changed:
        delete = sa.delete(PointsDraw).where(one_of(PointsDraw.entry_id, changed))
        db.session.execute(delete, execution_options={**ALL_BRANCHES, "synchronize_session": False})
    insert_many(
        PointsDraw,
        [
            {"entry_id": id_, "lot_id": lot, "points": points}
            for id_ in changed
            for lot, points in after.get(id_, {}).items()
            if points
        ],
    )


def _move_followers(pair: MergePair) -> list[int]:
    """Move what follows from entries that moved back: reversals, clawbacks, returns, what ended and what was paid."""
    moved: list[int] = []
    found = pair.moved.get(TABLE, [])
    while found:
        statement = sa.select(PointsEntry.id).where(
            PointsEntry.customer_id == pair.survivor.id,
            sa.or_(one_of(PointsEntry.of_id, found), one_of(PointsEntry.reverses_id, found)),
        )
        found = list(db.session.scalars(statement, execution_options=ALL_BRANCHES))
        update_many(PointsEntry, [{"id": id_, "customer_id": pair.merged.id} for id_ in found])
        moved += found
    return moved


def _entries_of(customer: Customer) -> Sequence[PointsEntry]:
    statement = sa.select(PointsEntry).where(PointsEntry.customer_id == customer.id).order_by(PointsEntry.id)
    return db.session.scalars(statement, execution_options={"populate_existing": True, **ALL_BRANCHES}).all()


def _draws_of(entry_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    found: dict[int, dict[int, int]] = {}
    rows = sa.select(PointsDraw.entry_id, PointsDraw.lot_id, PointsDraw.points).order_by(PointsDraw.id)
    for id_, lot, points in db.session.execute(
        rows.where(one_of(PointsDraw.entry_id, entry_ids)), execution_options=ALL_BRANCHES
    ):
        found.setdefault(id_, {})[lot] = points
    return found


def _set(customer: Customer, entries: Sequence[Any]) -> None:
    """Let what follows from the entries be theirs; the row's time changes only with it."""
    counted: dict[Any, int] = {}
    for entry in entries:
        counted[entry.counts_on] = counted.get(entry.counts_on, 0) + entry.counts
    settings, today = queries.settings_here(), queries.today_here()
    customer.loyalty_points = sum(entry.applied for entry in entries)
    customer.points_owed = sum(entry.owed for entry in entries)
    set_standing(customer, counted, settings, today)
    if db.session.is_modified(customer):
        customer.updated_at = db_now()
