"""Records that tell of people, written past the services that would take them in at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from crm.area_customers.models import AreaCustomer
from crm.bookings.models import Booking, BookingPerson
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.values import clock
from tests.factories import Person

PHONE = "+6281234567890"


def ago(days: float) -> dt.datetime:
    return clock.utcnow() - dt.timedelta(days=days)


def add_lead(person: Person, name: str = "Siti Rahma", phone: str = "", days: float = 1, **values: Any) -> int:
    lead = Lead(name=name, phone=phone, phone_valid=bool(phone), activity_at=ago(days), **values)
    return _save(person, lead)


def add_area_customer(person: Person, name: str, phone: str = "", days: float = 1, **values: Any) -> int:
    return _save(person, AreaCustomer(name=name, phone=phone, phone_valid=bool(phone), activity_at=ago(days), **values))


def add_traveller(
    person: Person, name: str, phone: str = "", days: float = 1, branch_id: int | None = None, **values: Any
) -> int:
    number = f"B{clock.utcnow().timestamp()}"
    booking = Booking(number=number, number_key=number.lower(), branch_id=branch_id, date=clock.utcnow().date())
    booking_id = _save(person, booking)
    row = BookingPerson(name=name, phone=phone, phone_valid=bool(phone), activity_at=ago(days), **values)
    row.booking_id = booking_id
    return _save(person, row)


def add_many_leads(person: Person, number: int, days: float = 1) -> None:
    at = ago(days)
    rows = [
        Lead(name=f"Lead {n:05}", phone=f"+62812345{n:05}", phone_valid=True, activity_at=at) for n in range(number)
    ]
    with person.acting(), transaction() as session:
        session.add_all(rows)


def customers(person: Person) -> list[str]:
    with person.acting():
        return list(db.session.scalars(sa.select(Customer.name).order_by(Customer.id)))


def of_leads(person: Person) -> list[int | None]:
    """Return the customers whom the leads are known to be."""
    with person.acting():
        return list(db.session.scalars(sa.select(Lead.customer_id).order_by(Lead.id)))


def _save(person: Person, row: Any) -> int:
    with person.acting(), transaction() as session:
        session.add(row)
        session.flush()
        return int(row.id)
