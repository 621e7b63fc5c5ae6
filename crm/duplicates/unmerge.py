"""Undo a merge of two locked customers: what changed or was added since stays."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from crm.accounts.models import Branch
from crm.customers.models import Customer, CustomerKey
from crm.customers.services import index
from crm.customers.signals import MergePair, customers_unmerged
from crm.duplicates import reassign, reports
from crm.duplicates.models import Merge
from crm.duplicates.reports import Report
from crm.duplicates.rows import Row, RowChanges, as_stored, restored
from crm.duplicates.rules import FIELDS
from crm.kernel.columns import db_now
from crm.kernel.db import database_now
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.people.matching import Kind

_ARCHIVED = ("archived_at", "archived_by_id", "is_active")
_TOGETHER = (*(field.columns for field in FIELDS), _ARCHIVED)
"""Columns that are restored together or not at all."""

_OWN = {"id", "organization_id", "updated_at", *(column for columns in _TOGETHER for column in columns)}
_GROUPS = (*_TOGETHER, *((column.name,) for column in Customer.__table__.columns if column.name not in _OWN))


def unmerge_customers(merge: Merge, survivor: Customer, merged: Customer) -> list[Report]:
    """Restore both customers, and return what could not be restored."""
    snapshot = merge.snapshot
    moved = reassign.move_rows(survivor.id, merged.id, snapshot["moved"])
    RowChanges(snapshot["rows"]).undo()
    said = [*_restore_customer(survivor, snapshot["kept"]), *_restore_customer(merged, snapshot["gone"])]
    index(survivor)
    index(merged)
    db.session.flush()
    db.session.expire_all()
    pair = MergePair(survivor, merged, moved, snapshot["notes"])
    customers_unmerged.send(pair)
    db.session.flush()
    since = reports.added(survivor.name, reassign.count_since(survivor.id, snapshot["last"]))
    said = [*([since] if since else []), *said]
    # Personal data of before is in the customers' rows again; the snapshot no longer holds it.
    merge.snapshot = {"names": snapshot["names"], "said": said}
    merge.undone_at, merge.undone_by_id = database_now(), current_actor()
    for customer, other in ((survivor, merged), (merged, survivor)):
        changes = {"from": [other.name, None], "said": [None, said if customer is survivor else []]}
        record("customer.parted", merge, customer_id=customer.id, changes=changes)
    return said


def _restore_customer(customer: Customer, snapshot: dict[str, Row]) -> Iterator[Report]:
    """Restore a customer's columns that are still as the merge left them; return reports of the others."""
    before, after, now = snapshot["before"], snapshot["after"], as_stored(customer)
    values = restored(Customer.__table__, before)
    changed = []
    for columns in _GROUPS:
        # A merge of before an upgrade doesn't know a column of since.
        if all(before.get(column) == after.get(column) for column in columns):
            continue
        if any(now[column] != after[column] for column in columns):
            changed.append(columns[0])
            continue
        for column in columns:
            setattr(customer, column, values[column])
    found = list(_drop_conflicts(customer, now))
    customer.updated_at = values["updated_at"] if now == after and not found else db_now()
    db.session.flush()
    return filter(None, [*found, reports.changed(customer.name, changed)])


def _drop_conflicts(customer: Customer, now: Row) -> Iterator[Report]:
    """Leave out an e-mail that another customer has by now, and a branch that was deleted."""
    with db.session.no_autoflush:
        email, branch_id = customer.email, customer.branch_id
        if email and email != now["email"] and (other := _holder_of(email, customer)) is not None:
            customer.email = None
            _add_email_key(customer, email)
            yield reports.taken_email(customer.name, email, other)
        if branch_id and branch_id != now["branch_id"] and db.session.get(Branch, branch_id) is None:
            customer.branch_id = None
            yield reports.branch_gone(customer.name)


def _holder_of(email: str, customer: Customer) -> str | None:
    found = sa.select(Customer.name).where(Customer.email == email, Customer.id != customer.id)
    return db.session.scalar(found, execution_options={"all_branches": True})


def _add_email_key(customer: Customer, email: str) -> None:
    key = sa.select(CustomerKey.id).where(CustomerKey.customer_id == customer.id, CustomerKey.value == email)
    if db.session.scalar(key, execution_options={"all_branches": True}) is None:
        db.session.add(CustomerKey(customer_id=customer.id, kind=Kind.EMAIL.value, value=email))
