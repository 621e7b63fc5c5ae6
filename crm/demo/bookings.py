"""The bookings of the demo travel agency, and the people its branches know by their area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from crm.area_customers.services import add
from crm.bookings.queries import today
from crm.bookings.services import create
from crm.customers.models import Customer
from crm.kernel.extensions import db

CONTACT = ("name", "phone", "email", "passport_number")


class Booked(NamedTuple):
    """A booking so many days from today; `persons` are indexes of people, the lead person first."""

    days: int
    amount: int
    status: str
    persons: Sequence[int]


class Near(NamedTuple):
    """Somebody by their index, and the area a branch knows them by."""

    person: int
    area: str


BOOKINGS = (
    Booked(21, 860_000_00, "confirmed", (0, 3, 4)),
    Booked(9, 145_000_00, "pending", (1, 5)),
    Booked(2, 98_500_00, "confirmed", (2,)),
    Booked(0, 52_000_00, "pending", (6,)),
    Booked(-12, 210_000_00, "confirmed", (7, 8)),
    Booked(-30, 0, "canceled", (9,)),
)
AREAS = (Near(10, "Clifton"), Near(11, "Gulshan-e-Iqbal"), Near(0, "Clifton"))


def book(booked: Sequence[Booked], near: Sequence[Near], customer_ids: Sequence[int]) -> None:
    """Make the bookings and area customers of customers who are there."""
    for one in booked:
        branch_id = db.session.get_one(Customer, customer_ids[one.persons[0]]).branch_id
        values = {"date": today() + dt.timedelta(days=one.days), "amount": one.amount, "status": one.status}
        create({**values, "branch_id": branch_id}, [_contact(customer_ids[at]) for at in one.persons])
    for person, area in near:
        branch_id = db.session.get_one(Customer, customer_ids[person]).branch_id
        add({**_contact(customer_ids[person]), "area": area, "branch_id": branch_id})


def _contact(customer_id: int) -> dict[str, Any]:
    person = db.session.get_one(Customer, customer_id)
    return {field: getattr(person, field) for field in CONTACT}
