"""Two ledgers that become one when customers are merged, and two again when they are taken apart.

A balance after an entry is what the entries before it make, in the order of their ids; so all of them are counted
again. What a deduction came to stays as it was, and where there were too few points then but are enough in both
ledgers together, what was asked is no longer told beside it: the table allows it at a balance of 0 alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.customers.signals import Joining, customers_joined, customers_parted
from crm.kernel.columns import db_now, one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import update_many
from crm.loyalty import rules
from crm.loyalty.models import PointsEntry

TABLE = PointsEntry.__tablename__
NOTES = "points"


@customers_joined.connect
def join_ledgers(joining: Joining) -> None:
    """Count both ledgers as one, and remember what each entry said before."""
    entries = _entries_of(joining.kept)
    balance, before, after = 0, {}, []
    for entry in entries:
        balance += entry.applied
        asked = entry.asked if balance == 0 else entry.applied
        if (asked, balance) != (entry.asked, entry.balance):
            before[str(entry.id)] = [entry.asked, entry.balance]
            after.append({"id": entry.id, "asked": asked, "balance": balance})
    update_many(PointsEntry, after)
    joining.notes[NOTES] = {"before": before, "last": entries[-1].id if entries else 0}
    _set_balance(joining.kept, balance)
    _set_balance(joining.gone, 0)


@customers_parted.connect
def part_ledgers(joining: Joining) -> None:
    """Make two ledgers of one again; what was entered since stays, but for what takes back an entry that goes."""
    joining.moved[TABLE] = joining.moved.get(TABLE, []) + _follow(joining)
    notes = joining.notes[NOTES]
    for customer in (joining.kept, joining.gone):
        lines = list(_told_again(_entries_of(customer), notes["before"], notes["last"]))
        update_many(PointsEntry, lines)
        _set_balance(customer, lines[-1]["balance"] if lines else 0)


def _told_again(
    entries: Sequence[PointsEntry], before: Mapping[str, Sequence[int]], last: int
) -> Iterator[dict[str, Any]]:
    """Yield what the entries of one ledger say: those to `last` as before, a later one what there is then."""
    balance = 0
    for entry in entries:
        asked, applied = entry.asked, entry.applied
        if entry.id > last:
            applied = rules.applied(balance, asked)
        elif str(entry.id) in before:
            asked = before[str(entry.id)][0]
        balance += applied
        yield {"id": entry.id, "asked": asked, "applied": applied, "balance": balance}


def _follow(joining: Joining) -> list[int]:
    """Move the entries to `gone` that take back one that went there, and return their ids."""
    statement = sa.select(PointsEntry.id).where(
        PointsEntry.customer_id == joining.kept.id, one_of(PointsEntry.reverses_id, joining.moved.get(TABLE, []))
    )
    ids = list(db.session.scalars(statement))
    update_many(PointsEntry, [{"id": id_, "customer_id": joining.gone.id} for id_ in ids])
    return ids


def _entries_of(customer: Customer) -> Sequence[PointsEntry]:
    statement = sa.select(PointsEntry).where(PointsEntry.customer_id == customer.id).order_by(PointsEntry.id)
    return db.session.scalars(statement, execution_options={"populate_existing": True, "all_branches": True}).all()


def _set_balance(customer: Customer, balance: int) -> None:
    if customer.loyalty_points != balance:
        customer.loyalty_points, customer.tier = balance, rules.tier_of(balance).value
        customer.updated_at = db_now()
