"""Check-ins, and how many visit days a customer has: each function is one transaction."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from crm.accounts.models import Branch
from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import db_now
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.loyalty.queries import settings_here
from crm.loyalty.services import keep_active
from crm.values import clock
from crm.values.language import gettext as _
from crm.visits import queries
from crm.visits.models import Visit
from crm.visits.rules import is_same_visit
from crm.visits.signals import visit_taken_back, visited

MANUAL = "Manual"


class CheckedIn(NamedTuple):
    """`visit` is the earlier one where the customer was there `already`, `at` the moment when it began."""

    visit: Visit
    already: bool
    at: dt.datetime


def check_in(customer_id: int, branch_id: int | None = None, source: str = MANUAL) -> CheckedIn:
    """Check a customer in at a branch, once within some hours; who is bound to a branch checks in there.

    Raises ConflictError for a customer who is archived or gone.
    """
    with transaction() as session:
        customer = lock_customer(customer_id)
        if customer.is_archived:
            raise ConflictError(_("%(name)s is archived. Restore them first.", name=customer.name))
        branch_id = bound_branch() or branch_id
        now = clock.utcnow()
        earlier = _latest(customer.id, branch_id)
        if earlier is not None and is_same_visit(earlier.at, now, settings_here().check_in_hours):
            return CheckedIn(earlier, True, earlier.at)
        zone = clock.zone(current_organization().time_zone)
        visit = Visit(
            customer_id=customer.id,
            branch_id=branch_id,
            at=now,
            day=clock.to_local(now, zone).date(),
            source=source,
            created_by_id=current_actor(),
        )
        session.add(visit)
        session.flush()
        is_further = recount(customer)
        told = {"branch": _name_of(branch_id), "source": source, "number": customer.visit_days}
        changes = {name: [None, value] for name, value in told.items()}
        record("visit.added", visit, customer_id=customer.id, changes=changes)
        keep_active(customer.id)
        visited.send(customer, visit=visit, number=customer.visit_days, is_further=is_further)
        return CheckedIn(visit, False, visit.at)


def take_back(visit_id: int) -> Customer:
    """Remove a check-in that was a mistake; a second call changes nothing."""
    with transaction() as session:
        customer_id = session.scalar(sa.select(Visit.customer_id).where(Visit.id == visit_id))
        customer = lock_customer(customer_id or 0)
        visit = session.get(Visit, visit_id, populate_existing=True)
        if visit is not None and visit.customer_id == customer.id:
            changes = {"at": [visit.at.isoformat(), None]}
            record("visit.removed", visit, customer_id=customer.id, changes=changes)
            session.delete(visit)
            session.flush()
            recount(customer)
            visit_taken_back.send(customer)
        return customer


def recount(customer: Customer) -> bool:
    """Count the visit days of a locked customer; True where they never had so many."""
    before = customer.visit_days, customer.most_visit_days, customer.checked_in_at
    days = queries.number_of_days(customer.id)
    is_further = days > customer.most_visit_days
    customer.visit_days, customer.most_visit_days = days, max(days, customer.most_visit_days)
    customer.checked_in_at = queries.last_check_in(customer.id)
    if before != (customer.visit_days, customer.most_visit_days, customer.checked_in_at):
        customer.updated_at = db_now()
    return is_further


def _name_of(branch_id: int | None) -> str | None:
    return None if branch_id is None else db.session.scalar(sa.select(Branch.name).where(Branch.id == branch_id))


def _latest(customer_id: int, branch_id: int | None) -> Visit | None:
    is_there = Visit.branch_id.is_(None) if branch_id is None else Visit.branch_id == branch_id
    statement = sa.select(Visit).where(Visit.customer_id == customer_id, is_there)
    return db.session.scalars(statement.order_by(Visit.at.desc(), Visit.id.desc()).limit(1)).first()
