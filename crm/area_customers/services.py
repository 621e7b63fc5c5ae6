"""What is done with area customers: each function is one intent of a user and one transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.area_customers.models import AreaCustomer
from crm.area_customers.rules import TOLD
from crm.customers.locks import lock_intake
from crm.customers.search_text import text_of_record
from crm.intake.services import collect
from crm.intake.sources import Source, register
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import db_now
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import changes_of, record
from crm.kernel.idempotency import Once, RequestKey
from crm.people.contact_fields import ContactFields, sort_key

SOURCE = Source("area_customers", "Area", AreaCustomer, AreaCustomer.branch_id)

register(SOURCE)


def add(values: dict[str, Any], request_key: RequestKey | None = None) -> AreaCustomer:
    """Add an area customer with their customer; raises KeyReusedError."""
    with transaction() as session:
        lock_intake()
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(AreaCustomer)
        row = AreaCustomer(name="", activity_at=database_now())
        _take(row, values)
        session.add(row)
        changes = {field: [None, value] for field in TOLD if (value := getattr(row, field))}
        customer_id = _collect(row)
        record("area_customer.created", row, customer_id=customer_id, changes=changes)
        once.made(row.id)
        return row


def edit(area_customer_id: int, values: dict[str, Any]) -> AreaCustomer:
    with transaction() as session:
        lock_intake()
        row = session.scalars(locked(sa.select(AreaCustomer).where(AreaCustomer.id == area_customer_id))).one()
        _take(row, values)
        changes = {field: values for field, values in changes_of(row).items() if field in TOLD}
        if changes:
            row.updated_at, row.activity_at = db_now(), database_now()
            customer_id = _collect(row)
            record("area_customer.edited", row, customer_id=customer_id, changes=changes)
        return row


def _take(row: AreaCustomer, values: dict[str, Any]) -> None:
    region, branch_id = current_organization().phone_region, bound_branch()
    row.take_contact(ContactFields.read(values, region))
    row.area = values.get("area", row.area or "")
    row.branch_id = values.get("branch_id", row.branch_id) if branch_id is None else branch_id
    row.area_key = sort_key(row.area)
    row.search_text = text_of_record(row.contact, region, row.area)


def _collect(row: AreaCustomer) -> int | None:
    """Return the customer's id, or None where no customer is to be created."""
    taken = collect([row], SOURCE.name, row.branch_id)
    return next((one.customer_id for one in taken.values()), None)
