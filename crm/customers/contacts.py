"""Further phones and e-mails of a customer."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.customers.models import Customer, CustomerKey, RemovedContact
from crm.customers.services import index, lock_unmerged
from crm.customers.shared_keys import EmailTakenError, unique_email
from crm.kernel.columns import db_now
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.people.matching import Kind
from crm.values import phone
from crm.values.language import gettext as _


def make_main(customer_id: int, contact_id: int) -> Customer:
    """Swap a further contact with the main one; raises ConflictError when it is gone or another's main e-mail."""
    with transaction():
        customer = lock_unmerged(customer_id)
        contact = _find(customer, contact_id)
        try:
            with unique_email(customer):
                _swap(customer, contact)
                changes = changes_of(customer)
                customer.updated_at = db_now()
        except EmailTakenError as error:
            raise ConflictError(str(error)) from None
        _refresh(customer)
        record("customer.edited", customer, customer_id=customer.id, changes=changes)
        return customer


def remove(customer_id: int, contact_id: int) -> Customer:
    """Remove a further contact for good: records don't bring it back. Raises ConflictError when it is gone."""
    with transaction():
        customer = lock_unmerged(customer_id)
        contact = _find(customer, contact_id)
        db.session.delete(contact)
        db.session.add(RemovedContact(customer_id=customer.id, kind=contact.kind, value=contact.value))
        customer.updated_at = db_now()
        _refresh(customer)
        changes = {contact.kind: [contact.value, None]}
        record("customer.contact_removed", customer, customer_id=customer.id, changes=changes)
        return customer


def _find(customer: Customer, contact_id: int) -> CustomerKey:
    wanted = sa.select(CustomerKey).where(CustomerKey.id == contact_id, CustomerKey.customer_id == customer.id)
    contact = db.session.scalars(wanted.where(CustomerKey.kind != Kind.PASSPORT)).one_or_none()
    if contact is None:
        raise ConflictError(_("This was changed in the meantime. Open the page again."))
    return contact


def _swap(customer: Customer, contact: CustomerKey) -> None:
    """Exchange the values; delete the further contact where there was no valid main one."""
    value, extension = contact.value, contact.extension
    if contact.kind == Kind.PHONE:
        before = customer.phone if customer.phone_valid else ""
        _delete_copies(contact, phone.variants(before))
        contact.extension = customer.phone_extension
        customer.phone, customer.phone_valid, customer.phone_extension = value, True, extension
    else:
        before = customer.email or ""
        _delete_copies(contact, [before])
        customer.email = value
    if before:
        contact.value = before
    else:
        db.session.delete(contact)


def _delete_copies(contact: CustomerKey, values: Sequence[str]) -> None:
    """Delete other rows of these values: an edit that repeats a further contact leaves its row."""
    same = sa.and_(CustomerKey.customer_id == contact.customer_id, CustomerKey.kind == contact.kind)
    copies = sa.delete(CustomerKey).where(same, CustomerKey.value.in_(values), CustomerKey.id != contact.id)
    db.session.execute(copies)


def _refresh(customer: Customer) -> None:
    db.session.flush()
    db.session.expire(customer, ["further"])
    index(customer)
