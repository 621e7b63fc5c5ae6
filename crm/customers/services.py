"""What is done with customers: each function is one intent of a user and one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm import clock, phone
from crm.accounts.queries import current_organization
from crm.branch_scope import bound_branch
from crm.customers.identity import normalize_email, normalize_passport
from crm.customers.models import BulkChange, Customer, CustomerSearch
from crm.customers.search_text import search_text
from crm.customers.signals import customer_deleting, customer_restored
from crm.db import locked, transaction
from crm.errors import SentenceError
from crm.events import Event, changes_of, record
from crm.extensions import db
from crm.idempotency import Once, RequestKey
from crm.tenancy import current_actor
from crm.text import fold

BULK_AT_ONCE = 5_000


class EmailTakenError(SentenceError):
    """Another customer has this e-mail: `other`, or None for one whom the user may not see."""

    def __init__(self, other: Customer | None) -> None:
        if other is None:
            super().__init__("This e-mail belongs to a customer of another branch. Leave it empty, or ask a manager.")
        elif other.is_archived:
            super().__init__(
                f"This e-mail belongs to {other.name}, who is archived. Restore them, or leave the e-mail empty."
            )
        else:
            super().__init__(f"This e-mail belongs to {other.name}.")
        self.other = other


class NumberSharedError(SentenceError):
    """Another customer has this number, though it may still be another person: `other`, or None as for an e-mail."""

    def __init__(self, other: Customer | None) -> None:
        if other is None:
            super().__init__("This number belongs to a customer of another branch. Check it, or save another person.")
        else:
            super().__init__(f"This number belongs to {other.name}. Open them, or save this as another person.")
        self.other = other


def create_customer(
    values: dict[str, Any], request_key: RequestKey | None = None, *, another_person: bool = False
) -> Customer:
    """Add a customer from form values.

    Raises EmailTakenError, NumberSharedError unless `another_person`, and KeyReusedError.
    """
    with transaction() as session:
        once = Once(request_key)
        if once.earlier is not None:
            return session.get_one(Customer, once.earlier)
        customer = Customer(name="", name_key="", created_month=_this_month())
        with _unique_email(customer):
            _apply(customer, values)
            if not another_person:
                _refuse_shared_number(customer)
            session.add(customer)
        _index(customer)
        record("customer.created", customer, customer_id=customer.id)
        once.made(customer.id)
        return customer


def edit_customer(customer_id: int, values: dict[str, Any]) -> Customer:
    """Change a customer; raises EmailTakenError."""
    with transaction() as session:
        customer = session.scalars(locked(sa.select(Customer).where(Customer.id == customer_id))).one()
        with _unique_email(customer):
            _apply(customer, values)
            changes = changes_of(customer)
            if changes:
                customer.updated_at = clock.utcnow()
        if not changes:
            return customer
        _index(customer)
        record("customer.edited", customer, customer_id=customer.id, changes=changes)
        return customer


def archive_customer(customer_id: int) -> Customer:
    """Take a customer out of every list; they can be restored."""
    return _set(customer_id, "customer.archived", Customer.archive)


def restore_customer(customer_id: int) -> Customer:
    """Bring an archived customer back."""
    return _set(customer_id, "customer.restored", Customer.restore)


def delete_customer(customer_id: int) -> None:
    """Delete a customer for good, with everything that hangs on them; one event without their data remains."""
    with transaction() as session:
        # What hangs on the customer is locked before the customer, as everywhere.
        customer_deleting.send(session.get_one(Customer, customer_id))
        customer = session.scalars(locked(sa.select(Customer).where(Customer.id == customer_id))).one()
        session.execute(sa.delete(Event).where(Event.customer_id == customer_id))
        record("customer.deleted", customer)
        session.flush()
        session.delete(customer)


def set_active(customer_ids: Sequence[int], active: bool) -> BulkChange:
    """Activate or deactivate customers as one step that can be undone; unchanged ones don't count."""
    with transaction() as session:
        found = session.scalars(
            locked(
                sa.select(Customer)
                .where(
                    Customer.id.in_(customer_ids), Customer.archived_at.is_(None), Customer.is_active.is_(not active)
                )
                .order_by(Customer.id)
            )
        ).all()
        change = BulkChange(
            action="activate" if active else "deactivate",
            user_id=current_actor(),
            customer_ids=[customer.id for customer in found],
        )
        session.add(change)
        _activate(found, active)
        return change


def undo_bulk(change: BulkChange) -> int:
    """Take a bulk change back for the customers that are still as it left them; return how many."""
    with transaction() as session:
        change = session.scalars(locked(sa.select(BulkChange).where(BulkChange.id == change.id))).one()
        if change.undone_at is not None:
            return 0
        change.undone_at = clock.utcnow()
        was_active = change.action == "deactivate"
        found = session.scalars(
            locked(
                sa.select(Customer)
                .where(
                    Customer.id.in_(change.customer_ids),
                    Customer.archived_at.is_(None),
                    Customer.is_active.is_(not was_active),
                )
                .order_by(Customer.id)
            )
        ).all()
        _activate(found, was_active)
        return len(found)


def _this_month() -> str:
    return clock.month_of(clock.utcnow(), clock.zone(current_organization().time_zone))


def _apply(customer: Customer, values: dict[str, Any]) -> None:
    region = current_organization().phone_region
    for field, value in values.items():
        setattr(customer, field, value)
    if (branch_id := bound_branch()) is not None:
        customer.branch_id = branch_id
    parsed = phone.parse(customer.phone or "", region)
    customer.phone, customer.phone_valid = parsed.value, parsed.valid
    customer.email = normalize_email(customer.email or "")
    customer.passport_number = normalize_passport(customer.passport_number or "")
    customer.name_key = fold(customer.name)[:100]
    customer.city_key = fold(customer.city or "")[:100]
    customer.province_key = fold(customer.province or "")[:100]


def _index(customer: Customer) -> None:
    region = current_organization().phone_region
    text = search_text(customer.name, customer.phone, customer.phone_valid, region, customer.email or "")
    row = db.session.get(CustomerSearch, customer.id)
    if row is None:
        db.session.add(CustomerSearch(customer_id=customer.id, organization_id=customer.organization_id, text=text))
    elif row.text != text:
        row.text = text


@contextmanager
def _unique_email(customer: Customer) -> Iterator[None]:
    """Write what the block does; the unique index decides about the e-mail, also between two requests at once."""
    taken: sa.ColumnElement[bool] = sa.false()
    try:
        # From before the change on: beginning it writes what has changed already, outside of it.
        with db.session.begin_nested():
            yield
            taken = sa.and_(Customer.email == customer.email, Customer.id != (customer.id or 0))
    except IntegrityError:
        if not _is_known(taken):
            raise
        raise EmailTakenError(db.session.scalar(sa.select(Customer).where(taken))) from None


def _refuse_shared_number(customer: Customer) -> None:
    if not customer.phone_valid:
        return
    shared = sa.and_(Customer.phone == customer.phone, Customer.phone_valid, Customer.archived_at.is_(None))
    other = db.session.scalar(sa.select(Customer).where(shared).order_by(Customer.id).limit(1))
    if other is not None or _is_known(shared):
        raise NumberSharedError(other)


def _is_known(condition: sa.ColumnElement[bool]) -> bool:
    """Whether there is such a customer in whatever branch, also for a user who may see one branch alone."""
    found = sa.select(Customer.id).where(condition).limit(1)
    return db.session.scalar(found, execution_options={"all_branches": True}) is not None


def _set(customer_id: int, action: str, verb: Any) -> Customer:
    with transaction() as session:
        customer = session.scalars(locked(sa.select(Customer).where(Customer.id == customer_id))).one()
        if verb(customer):
            changes = changes_of(customer)
            record(action, customer, customer_id=customer.id, changes=changes)
            if not customer.is_archived:
                customer_restored.send(customer)
        return customer


def _activate(customers: Sequence[Customer], active: bool) -> None:
    for customer in customers:
        customer.is_active = active
    db.session.flush()
    action = "customer.activated" if active else "customer.deactivated"
    for customer in customers:
        record(action, customer, customer_id=customer.id, changes={"is_active": [not active, active]})
