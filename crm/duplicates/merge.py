"""Making one customer of two, within a transaction that holds both; what it takes to part them goes into the snapshot.

Everything of `gone` goes to `kept`: by foreign key (`moving`), and by what the features do who are told
(`customers_merged`). The row of `gone` stays as a pointer that nothing finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.keys import CustomerKey, Decision, Duplicate
from crm.customers.models import BulkChangeRow, Customer, CustomerSearch
from crm.customers.services import index
from crm.customers.signals import MergePair, customers_merged
from crm.duplicates import reassign
from crm.duplicates.models import Merge
from crm.duplicates.rows import Changes, Row, as_stored, restored
from crm.duplicates.rules import FIELDS, KEYS, default
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import database_now
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.people.identity import is_placeholder
from crm.people.matching import Kind

EVERYWHERE = {"all_branches": True}
Key = tuple[Kind, str]


def join(entry: Duplicate, kept: Customer, gone: Customer, take: Mapping[str, int]) -> Merge:
    """Let `gone` go up in `kept`; `take` names for fields the customer of whom they are taken."""
    before, was, changes = as_stored(kept), as_stored(gone), Changes()
    moved = reassign.move(gone.id, kept.id)
    _hide(gone, kept)
    told = _take_fields(kept, before, was, take)
    _join_keys(changes, kept, gone, (before, was))
    _join_bulk_rows(changes, kept, gone)
    _join_entries(changes, entry, kept, gone)
    _decide(changes, entry)
    pair = MergePair(kept, gone, moved)
    db.session.flush()
    db.session.expire_all()
    index(kept)
    db.session.flush()
    customers_merged.send(pair)
    # A member who is bound to a branch has seen all of it until here.
    gone.branch_id = None
    db.session.flush()
    db.session.expire_all()
    snapshot = {
        "names": {"kept": before["name"], "gone": was["name"]},
        "kept": {"before": before, "after": as_stored(kept)},
        "gone": {"before": was, "after": as_stored(gone)},
        "moved": moved,
        "last": reassign.last_ids(kept.id),
        "rows": changes.done,
        "notes": pair.notes,
    }
    merge = Merge(kept_id=kept.id, gone_id=gone.id, snapshot=snapshot, merged_by_id=current_actor())
    db.session.add(merge)
    record("customer.merged", merge, customer_id=kept.id, changes={"with": [None, was["name"]], **told})
    return merge


def _hide(gone: Customer, kept: Customer) -> None:
    """Make a customer a pointer that nothing finds, before the other one may take the e-mail."""
    gone.phone, gone.phone_valid, gone.email, gone.passport_number = "", False, None, ""
    gone.merged_into_id = kept.id
    gone.archived_at, gone.archived_by_id, gone.is_active = database_now(), current_actor(), False
    gone.updated_at = db_now()
    search = db.session.get(CustomerSearch, gone.id)
    if search is not None:
        db.session.delete(search)
    db.session.flush()


def _take_fields(kept: Customer, before: Row, was: Row, take: Mapping[str, int]) -> dict[str, list[Any]]:
    """Give the survivor what is taken of each, and return what that changes."""
    table = Customer.__table__
    for field in FIELDS:
        chosen = was if take.get(field.name, default(field, before, was)) == was["id"] else before
        for name, value in restored(table, {column: chosen[column] for column in field.columns}).items():
            setattr(kept, name, value)
    changes = changes_of(kept)
    moments = [moment for row in (before, was) if (moment := restored(table, row)["last_activity_at"])]
    kept.last_activity_at = max(moments, default=None)
    if was["archived_at"] is None:
        # One of them is not archived, so the person isn't; whoever is active for one is active.
        kept.restore()
        kept.is_active = (before["is_active"] and before["archived_at"] is None) or was["is_active"]
    kept.updated_at = db_now()
    db.session.flush()
    return {field.column: changes[field.column] for field in FIELDS if field.column in changes}


def _join_keys(changes: Changes, kept: Customer, gone: Customer, before: Sequence[Row]) -> None:
    """Let the survivor be known by all that both were known by."""
    statement = sa.select(CustomerKey).where(one_of(CustomerKey.customer_id, [kept.id, gone.id]))
    rows = db.session.scalars(statement.order_by(CustomerKey.id), execution_options=EVERYWHERE).all()
    known = _keys_of(as_stored(kept))
    known |= {(Kind(row.kind), row.value) for row in rows if row.customer_id == kept.id}
    for row in rows:
        if row.customer_id == gone.id:
            if (row.kind, row.value) in known:
                changes.delete(CustomerKey, row.id)
            else:
                changes.update(CustomerKey, row.id, customer_id=kept.id)
                known.add((Kind(row.kind), row.value))
    extensions = {row["phone"]: row["phone_extension"] for row in before}
    for kind, value in sorted(set().union(*map(_keys_of, before)) - known):
        extension = extensions[value] if kind is Kind.PHONE else ""
        changes.insert(CustomerKey, customer_id=kept.id, kind=kind.value, value=value, extension=extension)


def _keys_of(row: Row) -> set[Key]:
    """Return the keys in a customer's own fields."""
    held = {(kind, row[column]) for kind, column in KEYS.items() if row[column] and not is_placeholder(row[column])}
    return held if row["phone_valid"] else held - {(Kind.PHONE, row["phone"])}


def _join_bulk_rows(changes: Changes, kept: Customer, gone: Customer) -> None:
    """Let the undoing of a bulk change find the survivor, once."""
    statement = sa.select(BulkChangeRow).where(one_of(BulkChangeRow.customer_id, [kept.id, gone.id]))
    rows = db.session.scalars(statement.order_by(BulkChangeRow.id), execution_options=EVERYWHERE).all()
    known = {row.change_id for row in rows if row.customer_id == kept.id}
    for row in rows:
        if row.customer_id == gone.id:
            if row.change_id in known:
                changes.delete(BulkChangeRow, row.id)
            else:
                changes.update(BulkChangeRow, row.id, customer_id=kept.id)


def _join_entries(changes: Changes, entry: Duplicate, kept: Customer, gone: Customer) -> None:
    """Ask of the survivor what was asked of the other, once; what somebody has decided of either is decided.

    Entries of those who are merged already tell of that, and stay.
    """
    for other_entry in _entries_of(gone.id):
        if other_entry.id == entry.id or other_entry.decision == Decision.MERGED:
            continue
        other = other_entry.first_id if other_entry.second_id == gone.id else other_entry.second_id
        first, second = sorted((kept.id, other))
        known = db.session.scalars(
            sa.select(Duplicate).where(Duplicate.first_id == first, Duplicate.second_id == second),
            execution_options=EVERYWHERE,
        ).one_or_none()
        if known is None:
            changes.update(Duplicate, other_entry.id, first_id=first, second_id=second)
            continue
        changes.delete(Duplicate, other_entry.id)
        if known.decision == Decision.OPEN and other_entry.decision == Decision.SEPARATE:
            decided = {name: getattr(other_entry, name) for name in ("decision", "decided_at", "decided_by_id")}
            changes.update(Duplicate, known.id, **decided)


def _entries_of(customer_id: int) -> list[Duplicate]:
    statement = sa.select(Duplicate).where(
        sa.or_(Duplicate.first_id == customer_id, Duplicate.second_id == customer_id)
    )
    return list(db.session.scalars(statement.order_by(Duplicate.id), execution_options=EVERYWHERE))


def _decide(changes: Changes, entry: Duplicate) -> None:
    decided = {"decided_at": database_now(), "decided_by_id": current_actor()}
    changes.update(Duplicate, entry.id, decision=Decision.MERGED.value, **decided)
