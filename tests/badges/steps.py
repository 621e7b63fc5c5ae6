"""What tests of badges do and ask."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from crm.badges.models import BadgeGrant
from crm.badges.rules import Reward
from crm.customers.models import Customer
from crm.invoices.services import add_invoice
from crm.kernel.extensions import db
from tests.factories import Person

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = dt.date(2026, 11, 29)
POINTS = {"reward": Reward.POINTS, "points": 50}


def places(person: Person, customer_id: int) -> list[str]:
    with person.acting():
        held = sa.select(BadgeGrant).where(BadgeGrant.customer_id == customer_id, BadgeGrant.taken_at.is_(None))
        return [grant.place for grant in db.session.scalars(held.order_by(BadgeGrant.id))]


def points(person: Person, customer_id: int) -> int:
    with person.acting():
        return db.session.get_one(Customer, customer_id).loyalty_points


def sell(customer_id: int, day: str, amount: int = 100_00) -> int:
    return add_invoice(customer_id, amount, dt.date.fromisoformat(day), "").id
