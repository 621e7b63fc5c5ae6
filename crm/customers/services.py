"""Changes of customers: each function is one user's intent and one transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.bulk import BULK, count_selected
from crm.customers.bulk_models import Action, BulkChange
from crm.customers.consents import BY_STAFF, Proof, prove, prove_first
from crm.customers.filters import Selection
from crm.customers.locks import lock_intake
from crm.customers.models import Customer, CustomerKey, CustomerSearch, ReferralCode
from crm.customers.referral_codes import known_holder
from crm.customers.rules import CODE_LENGTH
from crm.customers.search_text import text_of_customer
from crm.customers.shared_keys import keys_of, record_duplicates, refuse_shared, unique_email
from crm.customers.signals import customer_deleting, customer_referred, customer_restored
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import db_now
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import Event, changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor
from crm.kernel.work.models import JobState
from crm.people.contact_fields import ContactFields, sort_key
from crm.values import clock
from crm.values.codes import new_code
from crm.values.language import gettext as _

BULK_WORKER_THRESHOLD = 5_000
"""Bulk changes of this many customers or more are left to the worker."""


def create_customer(
    values: dict[str, Any],
    request_key: RequestKey | None = None,
    *,
    another_person: bool = False,
    proof: Proof = BY_STAFF,
) -> Customer:
    """Add a customer; `referred_by` among the values is the code of another one, `proof` how they consented.

    Raises EmailTakenError, KeyReusedError, UnknownCodeError, and SharedError unless `another_person`.
    """
    values = dict(values)
    code = values.pop("referred_by", "")
    with transaction() as session:
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Customer)
        referrer = known_holder(code) if code else None
        customer = Customer(name="", name_key="", created_month=_this_month())
        with unique_email(customer):
            _apply(customer, values)
            new = keys_of(customer)
            if not another_person:
                refuse_shared(customer, new)
            session.add(customer)
        index(customer)
        record_duplicates(customer, new)
        prove_first(customer, proof)
        record("customer.created", customer, customer_id=customer.id)
        once.made(customer.id)
        if referrer is not None:
            customer_referred.send(customer, referrer=referrer)
        return customer


def give_referral_code(customer_id: int) -> Customer:
    """Make a customer's code if they have none; raises ConflictError when they are gone."""
    with transaction() as session:
        customer = lock_customer(customer_id)
        while customer.referral_code is None:
            code, taken = new_code(CODE_LENGTH), sa.select(ReferralCode.customer_id)
            taken = taken.where(ReferralCode.organization_id == customer.organization_id, ReferralCode.code == code)
            if session.scalar(taken) is None:
                customer.referral_code = code
                here = {"customer_id": customer.id, "organization_id": customer.organization_id}
                session.add(ReferralCode(code=code, **here))
        return customer


def edit_customer(
    customer_id: int, values: dict[str, Any], *, another_person: bool = False, proof: Proof = BY_STAFF
) -> Customer:
    """Change a customer, and keep `proof` of consent.

    Raises as `create_customer` does, SharedError for new keys only.
    """
    with transaction():
        customer = lock_unmerged(customer_id)
        if customer.erased_at is not None:
            raise ConflictError(_("This customer was erased. Add them anew if they come back."))
        before = keys_of(customer)
        with unique_email(customer):
            _apply(customer, values)
            new = {kind: value for kind, value in keys_of(customer).items() if before.get(kind) != value}
            if not another_person:
                refuse_shared(customer, new)
            changes = changes_of(customer)
            if changes:
                customer.updated_at = db_now()
        if not changes:
            return customer
        prove(customer, changes, proof)
        index(customer)
        record_duplicates(customer, new)
        record("customer.edited", customer, customer_id=customer.id, changes=changes)
        return customer


def archive_customer(customer_id: int) -> Customer:
    return _change_state(customer_id, "customer.archived", Customer.archive)


def restore_customer(customer_id: int) -> Customer:
    return _change_state(customer_id, "customer.restored", Customer.restore)


def delete_customer(customer_id: int) -> None:
    """Delete a customer for good with everything of theirs; one event without personal data remains."""
    with transaction() as session:
        # Intake must not match the customer meanwhile; listeners lock their rows before the customer.
        lock_intake()
        customer_deleting.send(session.get_one(Customer, customer_id))
        customer = lock_unmerged(customer_id)
        session.execute(sa.delete(Event).where(Event.customer_id == customer_id))
        record("customer.deleted", customer)
        session.flush()
        session.delete(customer)


def lock_customer(customer_id: int) -> Customer:
    """Lock a customer, the survivor for one who was merged; raises ConflictError when they were deleted.

    A merged one is let go before the survivor is locked: who locks several locks them by their ids.
    """
    while True:
        with db.session.begin_nested() as held:
            found = locked(sa.select(Customer).where(Customer.id == customer_id))
            customer = db.session.scalars(found).one_or_none()
            if customer is None:
                raise ConflictError(_("This customer was deleted in the meantime."))
            if customer.merged_into_id is None:
                return customer
            customer_id = customer.merged_into_id
            held.rollback()


def change_many(selection: Selection, action: Action, to_branch_id: int | None = None) -> BulkChange:
    """Change the selected customers as one step that can be undone; a move is to a branch, or to none.

    `total` counts single ids that exist, `left_out` customers changed since the list was read. A change of
    BULK_WORKER_THRESHOLD customers or more is left to the worker and `is_under_way`.
    """
    with transaction() as session:
        change = BulkChange(
            action=action,
            to_branch_id=to_branch_id,
            user_id=current_actor(),
            customer_ids=list(selection.ids),
            query=selection.filters and selection.filters.stored(),
            excluded=sorted(selection.excluded),
            as_of=selection.as_of,
            branch_id=bound_branch(),
            state=JobState.WORKING.value,
        )
        session.add(change)
        session.flush()
        change.total = count_selected(selection, action, BULK_WORKER_THRESHOLD if selection.filters else None)
        if change.total >= BULK_WORKER_THRESHOLD or BULK.do(change, BULK_WORKER_THRESHOLD):
            # Customers added while the worker is at it are not meant.
            change.as_of = change.as_of or database_now()
            BULK.leave_to_worker(change)
        return change


def undo_bulk(change_id: int) -> BulkChange:
    """Undo a bulk change, or stop it, for customers that did not change since; `put_back` is how many.

    Raises ConflictError for a move by somebody who may not see the other branches.
    """
    if bound_branch() is not None and db.session.get_one(BulkChange, change_id).action == Action.MOVE:
        raise ConflictError(_("You see the customers of one branch only. Ask a manager to move them."))
    return BULK.undo(change_id, BULK_WORKER_THRESHOLD)


def lock_unmerged(customer_id: int) -> Customer:
    """Lock a customer; raises ConflictError for one who was merged, so that nobody else is changed."""
    customer = lock_customer(customer_id)
    if customer.id != customer_id:
        raise ConflictError(
            _("This customer was merged with %(name)s. Open %(name)s, and do it there.", name=customer.name)
        )
    return customer


def _this_month() -> str:
    return clock.month_of(clock.utcnow(), clock.zone(current_organization().time_zone))


def _apply(customer: Customer, values: dict[str, Any]) -> None:
    region = current_organization().phone_region
    contact = ContactFields.read({"phone": customer.phone, **values}, region).checked()
    for field in values.keys() - contact.given:
        setattr(customer, field, values[field])
    if (branch_id := bound_branch()) is not None:
        customer.branch_id = branch_id
    before = customer.full_birthday if "birthday" in contact.given else ""
    contact.write(customer)
    if "birthday" in contact.given and customer.full_birthday != before and "birthday_counts_from" not in values:
        customer.birthday_counts_from = None
    customer.name_key = sort_key(customer.name)
    customer.city_key = sort_key(customer.city or "")
    customer.province_key = sort_key(customer.province or "")


def index(customer: Customer) -> None:
    of_customer = sa.select(CustomerKey.value, CustomerKey.extension).where(CustomerKey.customer_id == customer.id)
    rows = db.session.execute(of_customer.order_by(CustomerKey.id), execution_options={"all_branches": True})
    further = [(value, extension) for value, extension in rows]
    text = text_of_customer(ContactFields.of(customer), current_organization().phone_region, further)
    row = db.session.get(CustomerSearch, customer.id)
    if row is None:
        db.session.add(CustomerSearch(customer_id=customer.id, organization_id=customer.organization_id, text=text))
    elif row.text != text:
        row.text = text


def _change_state(customer_id: int, action: str, verb: Any) -> Customer:
    with transaction():
        customer = lock_unmerged(customer_id)
        if verb(customer):
            changes = changes_of(customer)
            customer.updated_at = db_now()
            record(action, customer, customer_id=customer.id, changes=changes)
            if not customer.is_archived:
                customer_restored.send(customer)
        return customer
