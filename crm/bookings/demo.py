"""The bookings of the demo travel agency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from crm.accounts.queries import current_organization
from crm.bookings.queries import today
from crm.bookings.services import create
from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.values import money

CONTACT = ("name", "phone", "email", "passport_number")


class Booked(NamedTuple):
    """`days` from today; `persons` are indexes of people, the lead person first."""

    days: int
    amount: int
    status: str
    persons: Sequence[int]


BOOKINGS = (
    Booked(21, 860_000_00, "confirmed", (0, 3, 4)),
    Booked(9, 145_000_00, "pending", (1, 5)),
    Booked(2, 98_500_00, "confirmed", (2,)),
    Booked(0, 52_000_00, "pending", (6,)),
    Booked(-12, 210_000_00, "confirmed", (7, 8)),
    Booked(-30, 0, "canceled", (9,)),
)


def fill(shop: str, customer_ids: Sequence[int]) -> None:
    unit = money.unit(current_organization().currency)
    for one in BOOKINGS if shop == "demo-travel" else ():
        branch_id = db.session.get_one(Customer, customer_ids[one.persons[0]]).branch_id
        day, amount = today() + dt.timedelta(days=one.days), one.amount * unit // 100
        values = {"date": day, "amount": amount, "status": one.status}
        create({**values, "branch_id": branch_id}, [_contact(customer_ids[at]) for at in one.persons])


def _contact(customer_id: int) -> dict[str, Any]:
    person = db.session.get_one(Customer, customer_id)
    return {field: getattr(person, field) for field in CONTACT}
