"""Merge two locked customers: rows move by foreign key and by listeners, the merged row stays as a hidden pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.bulk_models import SWITCHES, BulkChange, BulkChangeRow
from crm.customers.consent_models import ConsentChange
from crm.customers.consents import proofs_of_merge
from crm.customers.duplicate_pairs import Decision, Duplicate
from crm.customers.models import Customer, CustomerKey, CustomerSearch
from crm.customers.rules import MARKETING, Consent, strictest
from crm.customers.services import index
from crm.customers.signals import MergePair, customers_merged
from crm.duplicates import reassign
from crm.duplicates.models import Merge
from crm.duplicates.rows import Row, RowChanges, as_stored, restored
from crm.duplicates.rules import FIELDS, KEYS, default_owner
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import database_now
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.people.identity import is_placeholder
from crm.people.matching import Kind

ALL_BRANCHES = {"all_branches": True}
Key = tuple[Kind, str]


def merge_customers(entry: Duplicate, survivor: Customer, merged: Customer, take: Mapping[str, int]) -> Merge:
    """Merge a customer into the survivor; `take` maps names of fields to the id of the customer they are taken from."""
    before, was, changes = as_stored(survivor), as_stored(merged), RowChanges()
    moved = reassign.move_rows(merged.id, survivor.id)
    _hide(merged, survivor)
    taken = _take_fields(changes, survivor, before, was, take)
    _merge_keys(changes, survivor, merged, (before, was))
    _merge_bulk_rows(changes, survivor, merged)
    _merge_entries(changes, entry, survivor, merged)
    _mark_merged(changes, entry)
    pair = MergePair(survivor, merged, moved)
    db.session.flush()
    db.session.expire_all()
    index(survivor)
    db.session.flush()
    customers_merged.send(pair)
    # Not before the listeners ran: members bound to a branch have to see both customers.
    merged.branch_id = None
    db.session.flush()
    db.session.expire_all()
    snapshot = {
        "names": {"kept": before["name"], "gone": was["name"]},
        "kept": {"before": before, "after": as_stored(survivor)},
        "gone": {"before": was, "after": as_stored(merged)},
        "moved": moved,
        "last": reassign.last_ids(survivor.id),
        "rows": changes.done,
        "notes": pair.notes,
    }
    merge = Merge(kept_id=survivor.id, gone_id=merged.id, snapshot=snapshot, merged_by_id=current_actor())
    db.session.add(merge)
    record("customer.merged", merge, customer_id=survivor.id, changes={"with": [None, was["name"]], **taken})
    return merge


def _hide(merged: Customer, survivor: Customer) -> None:
    """Clear the keys of the merged customer before the survivor takes its e-mail, which is unique."""
    merged.phone, merged.phone_valid, merged.email, merged.passport_number = "", False, None, ""
    merged.merged_into_id = survivor.id
    merged.archived_at, merged.archived_by_id, merged.is_active = database_now(), current_actor(), False
    merged.updated_at = db_now()
    search = db.session.get(CustomerSearch, merged.id)
    if search is not None:
        db.session.delete(search)
    db.session.flush()


def _take_fields(
    done: RowChanges, survivor: Customer, before: Row, was: Row, take: Mapping[str, int]
) -> dict[str, list[Any]]:
    table = Customer.__table__
    for field in FIELDS:
        chosen = was if take.get(field.name, default_owner(field, before, was)) == was["id"] else before
        for name, value in restored(table, {column: chosen[column] for column in field.columns}).items():
            setattr(survivor, name, value)
    for column in MARKETING:
        setattr(survivor, column, strictest([Consent(before[column]), Consent(was[column])]))
    changes = changes_of(survivor)
    moments = [moment for row in (before, was) if (moment := restored(table, row)["last_activity_at"])]
    survivor.last_activity_at = max(moments, default=None)
    if was["archived_at"] is None:
        # One of them is not archived, so the person isn't; active in one is active.
        survivor.restore()
        survivor.is_active = (before["is_active"] and before["archived_at"] is None) or was["is_active"]
    survivor.updated_at = db_now()
    db.session.flush()
    for row in proofs_of_merge(survivor, changes):
        done.insert(ConsentChange, **row)
    told = [*(field.column for field in FIELDS), *MARKETING]
    return {column: changes[column] for column in told if column in changes}


def _merge_keys(changes: RowChanges, survivor: Customer, merged: Customer, before: Sequence[Row]) -> None:
    statement = sa.select(CustomerKey).where(one_of(CustomerKey.customer_id, [survivor.id, merged.id]))
    rows = db.session.scalars(statement.order_by(CustomerKey.id), execution_options=ALL_BRANCHES).all()
    known = _keys_of(as_stored(survivor))
    known |= {(Kind(row.kind), row.value) for row in rows if row.customer_id == survivor.id}
    for row in rows:
        if row.customer_id == merged.id:
            if (row.kind, row.value) in known:
                changes.delete(CustomerKey, row.id)
            else:
                changes.update(CustomerKey, row.id, customer_id=survivor.id)
                known.add((Kind(row.kind), row.value))
    extensions = {row["phone"]: row["phone_extension"] for row in before}
    for kind, value in sorted(set().union(*map(_keys_of, before)) - known):
        extension = extensions[value] if kind is Kind.PHONE else ""
        changes.insert(CustomerKey, customer_id=survivor.id, kind=kind.value, value=value, extension=extension)


def _keys_of(row: Row) -> set[Key]:
    held = {(kind, row[column]) for kind, column in KEYS.items() if row[column] and not is_placeholder(row[column])}
    return held if row["phone_valid"] else held - {(Kind.PHONE, row["phone"])}


def _merge_bulk_rows(changes: RowChanges, survivor: Customer, merged: Customer) -> None:
    """Let the survivor be put back in place of the merged, but where one was archived or moved, that one alone."""
    statement = (
        sa.select(BulkChangeRow)
        .join(BulkChange, BulkChange.id == BulkChangeRow.change_id)
        .where(one_of(BulkChangeRow.customer_id, [survivor.id, merged.id]), BulkChange.action.in_(SWITCHES))
    )
    rows = db.session.scalars(statement.order_by(BulkChangeRow.id), execution_options=ALL_BRANCHES).all()
    known = {row.change_id for row in rows if row.customer_id == survivor.id}
    for row in rows:
        if row.customer_id == merged.id:
            if row.change_id in known:
                changes.delete(BulkChangeRow, row.id)
            else:
                changes.update(BulkChangeRow, row.id, customer_id=survivor.id)


def _merge_entries(changes: RowChanges, entry: Duplicate, survivor: Customer, merged: Customer) -> None:
    """Point other entries at the survivor, except those of earlier merges; a decision wins over an open entry."""
    for other_entry in _entries_of(merged.id):
        if other_entry.id == entry.id or other_entry.decision == Decision.MERGED:
            continue
        other = other_entry.first_id if other_entry.second_id == merged.id else other_entry.second_id
        first, second = sorted((survivor.id, other))
        known = db.session.scalars(
            sa.select(Duplicate).where(Duplicate.first_id == first, Duplicate.second_id == second),
            execution_options=ALL_BRANCHES,
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
    return list(db.session.scalars(statement.order_by(Duplicate.id), execution_options=ALL_BRANCHES))


def _mark_merged(changes: RowChanges, entry: Duplicate) -> None:
    decided = {"decided_at": database_now(), "decided_by_id": current_actor()}
    changes.update(Duplicate, entry.id, decision=Decision.MERGED.value, **decided)
