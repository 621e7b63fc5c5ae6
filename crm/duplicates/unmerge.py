"""Making two customers of one again, within a transaction that holds both.

What the merge changed is put back, where nobody has changed it since. What was added since stays with the survivor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Branch
from crm.customers.keys import CustomerKey
from crm.customers.models import Customer
from crm.customers.services import index
from crm.customers.signals import MergePair, customers_unmerged
from crm.duplicates import reassign
from crm.duplicates.models import Merge
from crm.duplicates.rows import Changes, Row, as_stored, restored
from crm.duplicates.rules import FIELDS, listed
from crm.kernel.columns import db_now
from crm.kernel.db import database_now
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.tenancy import current_actor
from crm.people.matching import Kind

_ARCHIVED = ("archived_at", "archived_by_id", "is_active")
_TOGETHER = (*(field.columns for field in FIELDS), _ARCHIVED)
"""Columns that only make sense together."""

_OWN = {"id", "organization_id", "updated_at", *(column for columns in _TOGETHER for column in columns)}
_GROUPS = (*_TOGETHER, *((column.name,) for column in Customer.__table__.columns if column.name not in _OWN))
_LABELS = {field.column: field.label for field in FIELDS}


def part(merge: Merge, kept: Customer, gone: Customer) -> list[str]:
    """Make `kept` and `gone` what they were, and return what is otherwise, in sentences."""
    snapshot = merge.snapshot
    moved = reassign.move(kept.id, gone.id, snapshot["moved"])
    Changes(snapshot["rows"]).take_back()
    said = [*_give_back(kept, snapshot["kept"]), *_give_back(gone, snapshot["gone"])]
    index(kept)
    index(gone)
    db.session.flush()
    db.session.expire_all()
    pair = MergePair(kept, gone, moved, snapshot["notes"])
    customers_unmerged.send(pair)
    db.session.flush()
    said = [*_stayed(kept, snapshot["last"]), *said]
    # What the customers were is in their rows again, and nowhere else.
    merge.snapshot = {"names": snapshot["names"], "said": said}
    merge.undone_at, merge.undone_by_id = database_now(), current_actor()
    for customer, other in ((kept, gone), (gone, kept)):
        changes = {"from": [other.name, None], "said": [None, said if customer is kept else []]}
        record("customer.parted", merge, customer_id=customer.id, changes=changes)
    return said


def _give_back(customer: Customer, told: dict[str, Row]) -> Iterator[str]:
    """Put back what the merge changed of a customer's row and nobody else has since."""
    before, after, now = told["before"], told["after"], as_stored(customer)
    values = restored(Customer.__table__, before)
    changed = []
    for columns in _GROUPS:
        if all(before[column] == after[column] for column in columns):
            continue
        if any(now[column] != after[column] for column in columns):
            changed.append(columns[0])
            continue
        for column in columns:
            setattr(customer, column, values[column])
    said = list(_give_up(customer, now))
    customer.updated_at = values["updated_at"] if now == after and not said else db_now()
    db.session.flush()
    labels = [_LABELS[column] for column in changed if column in _LABELS]
    if labels:
        verb = "was" if len(labels) == 1 else "were"
        stay = "it stays as it is" if len(labels) == 1 else "they stay as they are"
        said.append(f"{listed(labels)} of {customer.name} {verb} changed since; {stay}.")
    return iter(said)


def _give_up(customer: Customer, now: Row) -> Iterator[str]:
    """Leave out what can't be put back: an e-mail that is another customer's by now, a branch that is gone."""
    with db.session.no_autoflush:
        email, branch_id = customer.email, customer.branch_id
        if email and email != now["email"] and (other := _who_has(email, customer)) is not None:
            customer.email = None
            _remember(customer, email)
            yield f"{email} belongs to {other} by now, so {customer.name} is without it."
        if branch_id and branch_id != now["branch_id"] and db.session.get(Branch, branch_id) is None:
            customer.branch_id = None
            yield f"The branch of {customer.name} is gone."


def _who_has(email: str, customer: Customer) -> str | None:
    found = sa.select(Customer.name).where(Customer.email == email, Customer.id != customer.id)
    return db.session.scalar(found, execution_options={"all_branches": True})


def _remember(customer: Customer, email: str) -> None:
    """Let the customer be known by an e-mail that somebody else has."""
    key = sa.select(CustomerKey.id).where(CustomerKey.customer_id == customer.id, CustomerKey.value == email)
    if db.session.scalar(key, execution_options={"all_branches": True}) is None:
        db.session.add(CustomerKey(customer_id=customer.id, kind=Kind.EMAIL.value, value=email))


def _stayed(kept: Customer, last: dict[str, Any]) -> Iterator[str]:
    """Say what was added since."""
    counts, nouns = reassign.count_since(kept.id, last), catalog().customer_rows
    if counts:
        words = [f"{count:,} {nouns[table][count != 1]}" for table, count in sorted(counts.items())]
        added, stay = ("was", "it stays") if sum(counts.values()) == 1 else ("were", "they stay")
        yield f"{listed(words)} {added} added since; {stay} with {kept.name}."
