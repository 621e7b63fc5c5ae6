"""Remove the demo rows, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.area_customers.models import AreaCustomer
from crm.badges import demo as badges_demo
from crm.bookings.models import Booking, BookingPerson
from crm.campaigns import demo as campaigns_demo
from crm.customers.models import Customer, CustomerSearch
from crm.customers.signals import customer_deleting
from crm.demo.models import DemoRange
from crm.intake.sources import forget
from crm.invoices.models import Invoice
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work.due import DueWork
from crm.leads.models import Lead
from crm.messages.models import Message
from crm.reports import demo as reports_demo
from crm.rewards import demo as rewards_demo
from crm.rewards.models import Voucher
from crm.rewards.services import EXPIRY

BATCH_SIZE = 5_000


def clear() -> int:
    """Remove the demo customers of every organization with all their rows, and what stands for itself; return how many.

    That are rewards, badges and campaigns.
    """
    removed = 0
    for organization_id, slug in db.session.execute(sa.select(Organization.id, Organization.slug)).all():
        with use_organization(organization_id):
            before = removed
            while batch := _next_batch():
                removed += _remove(*batch)
            if removed > before:
                reports_demo.clear()
            badges_demo.clear(slug)
            campaigns_demo.clear(slug)
            rewards_demo.clear(slug)
    return removed


def _next_batch() -> tuple[int, int, int] | None:
    row = db.session.scalar(sa.select(DemoRange).order_by(DemoRange.id).limit(1))
    return (row.id, row.first_id, min(row.last_id, row.first_id + BATCH_SIZE - 1)) if row else None


def _remove(range_id: int, first: int, last: int) -> int:
    with transaction() as session:
        count = _delete(lambda column: column.between(first, last))
        found = session.get_one(DemoRange, range_id)
        if last == found.last_id:
            session.delete(found)
        else:
            found.first_id = last + 1
        return count


def delete_customers(ids: Collection[int]) -> int:
    """Delete customers with all their rows and return how many, in the open transaction."""
    return _delete(lambda column: column.in_(ids))


def _delete(chosen: Callable[[Any], sa.ColumnElement[bool]]) -> int:
    session, customers = db.session, sa.select(Customer.id).where(chosen(Customer.id))
    messages = sa.select(Message.id).where(Message.customer_id.in_(customers))
    session.execute(sa.delete(DueWork).where(DueWork.kind == "message", DueWork.subject_id.in_(messages)))
    session.execute(sa.delete(Message).where(Message.customer_id.in_(customers)))
    vouchers = sa.select(Voucher.id).where(Voucher.customer_id.in_(customers))
    session.execute(sa.delete(DueWork).where(DueWork.kind == EXPIRY, DueWork.subject_id.in_(vouchers)))
    _remove_records(customers)
    with_invoices = sa.select(Invoice.customer_id).where(Invoice.customer_id.in_(customers))
    for customer in session.scalars(sa.select(Customer).where(Customer.id.in_(with_invoices))).all():
        customer_deleting.send(customer)
    session.execute(sa.delete(CustomerSearch).where(CustomerSearch.customer_id.in_(customers)))
    session.execute(sa.delete(Event).where(chosen(Event.customer_id)))
    count = session.scalar(sa.select(sa.func.count()).select_from(customers.subquery())) or 0
    session.execute(sa.delete(Customer).where(chosen(Customer.id)))
    return count


def _remove_records(customers: sa.Select[int]) -> None:
    """Remove records of demo customers: a booking goes with its lead person; elsewhere persons stay by name."""
    led = sa.select(BookingPerson.booking_id).where(BookingPerson.is_lead, BookingPerson.customer_id.in_(customers))
    db.session.execute(sa.update(Invoice).where(Invoice.booking_id.in_(led)).values(booking_id=None))
    db.session.execute(sa.delete(Booking).where(Booking.id.in_(led)))
    forget(BookingPerson, customers)
    leads = sa.select(Lead.id).where(Lead.customer_id.in_(customers))
    db.session.execute(sa.update(Booking).where(Booking.lead_id.in_(leads)).values(lead_id=None))
    db.session.execute(sa.delete(Lead).where(Lead.customer_id.in_(customers)))
    db.session.execute(sa.delete(AreaCustomer).where(AreaCustomer.customer_id.in_(customers)))
