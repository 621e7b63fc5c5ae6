"""Check-ins of the demo shops."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel.events import record_many, row_of
from crm.kernel.extensions import db
from crm.values import clock
from crm.visits import queries
from crm.visits.models import Visit
from crm.visits.services import MANUAL, recount

OPENS = dt.time(9, 40)


class Came(NamedTuple):
    person: int
    days_ago: tuple[int, ...]


CHECK_INS = {
    "demo": (
        Came(0, (2, 13, 27)),
        Came(5, (1, 4, 8, 11, 15, 22, 29)),
        Came(9, (3, 10, 17, 24, 31)),
        Came(11, (6, 20)),
        Came(18, (1,)),
        Came(24, (7, 14, 21)),
    ),
    "demo-travel": (Came(2, (2, 9, 30)), Came(5, (5,))),
}


def fill(shop: str, customer_ids: Sequence[int]) -> None:
    zone = clock.zone(current_organization().time_zone)
    today = clock.to_local(clock.utcnow(), zone).date()
    for came in CHECK_INS[shop]:
        customer = db.session.get_one(Customer, customer_ids[came.person])
        for days_ago in sorted(came.days_ago, reverse=True):
            day = today - dt.timedelta(days=days_ago)
            opens, _is_gap = clock.from_local(dt.datetime.combine(day, OPENS), zone)
            _check_in(customer, opens + dt.timedelta(minutes=23 * came.person), day)
        recount(customer)


def _check_in(customer: Customer, at: dt.datetime, day: dt.date) -> None:
    visit = Visit(customer_id=customer.id, branch_id=customer.branch_id, at=at, day=day, created_at=at)
    db.session.add(visit)
    db.session.flush()
    number = sum(each <= day for each in queries.days_of(customer.id))
    changes = {"source": [None, MANUAL], "number": [None, number]}
    record_many([{**row_of("visit.added", visit, customer.id, changes), "at": at}])
