"""The bookings of the demo travel agency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from crm.accounts.queries import current_organization
from crm.bookings.services import create
from crm.customers.models import Customer
from crm.invoices.services import add_invoice
from crm.kernel.extensions import db
from crm.values import clock, money

CONTACT = ("name", "phone", "email", "passport_number")


class Booked(NamedTuple):
    """`days` from today, and how long; `persons` are indexes of people, the lead person first.

    `paid` are amounts of invoices of the lead person.
    """

    service: str
    days: int
    length: int
    amount: int
    status: str
    persons: Sequence[int]
    paid: Sequence[int] = ()
    note: str = ""


BOOKINGS = (
    Booked("Umrah, Makkah and Madinah", 21, 10, 860_000_00, "confirmed", (0, 3, 4), (300_000_00,), "Wheelchair"),
    Booked("Hunza and Skardu", 9, 6, 145_000_00, "pending", (1, 5)),
    Booked("Karachi - Dubai return", 2, 7, 98_500_00, "confirmed", (2,), (98_500_00,)),
    Booked("Visa for Turkey", 0, 0, 52_000_00, "pending", (6,), (20_000_00,)),
    Booked("Bangkok and Phuket", -12, 7, 210_000_00, "confirmed", (7, 8), (100_000_00, 110_000_00)),
    Booked("Baku", -30, 4, 0, "canceled", (9,)),
)


def fill(shop: str, customer_ids: Sequence[int]) -> None:
    organization = current_organization()
    unit = money.unit(organization.currency)
    today = clock.to_local(clock.utcnow(), clock.zone(organization.time_zone)).date()
    for one in BOOKINGS if shop == "demo-travel" else ():
        branch_id = db.session.get_one(Customer, customer_ids[one.persons[0]]).branch_id
        first = today + dt.timedelta(days=one.days)
        values = {"service": one.service, "note": one.note, "amount": one.amount * unit // 100, "status": one.status}
        values |= {"date": first, "date_until": first + dt.timedelta(days=one.length) if one.length else None}
        booking = create({**values, "branch_id": branch_id}, [_contact(customer_ids[at]) for at in one.persons])
        for amount in one.paid:
            add_invoice(customer_ids[one.persons[0]], amount * unit // 100, today, "", booking_id=booking.id)


def _contact(customer_id: int) -> dict[str, Any]:
    person = db.session.get_one(Customer, customer_id)
    return {field: getattr(person, field) for field in CONTACT}
