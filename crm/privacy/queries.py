"""What an organization keeps, and what an erasure would do."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.queries import current_organization
from crm.invoices.models import Invoice, Receipt
from crm.kernel.columns import db_ago
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.privacy.models import HOLD_YEARS, InactiveCustomer, RetentionRules
from crm.privacy.person import Person
from crm.values import clock
from crm.values.language import ngettext
from crm.web.lists import PAGE_SIZE, Page, read_counted, within_pages

RECENT = 5_000
"""Events among which copies are counted: nobody downloads so many that these are not enough."""


class Kept(NamedTuple):
    """What an erasure keeps: sentences, and one about files of bookings with other guests."""

    words: list[str]
    with_others: str


def rules_here() -> RetentionRules:
    """Return the organization's rules, or those of one that never set any."""
    return db.session.scalars(sa.select(RetentionRules)).one_or_none() or RetentionRules(hold_years=HOLD_YEARS)


def page_of_inactive(number: int) -> Page[InactiveCustomer]:
    """Return who is to be erased, the soonest first."""
    waiting = sa.select(InactiveCustomer).options(joinedload(InactiveCustomer.customer))
    waiting = waiting.where(InactiveCustomer.kept_at.is_(None))
    ordered = waiting.order_by(InactiveCustomer.erase_at, InactiveCustomer.id)
    return read_counted(ordered, within_pages(number), PAGE_SIZE)


def held_since() -> dt.date:
    """Return the first day whose invoices have to be proved."""
    today = clock.utcnow().astimezone(clock.zone(current_organization().time_zone)).date()
    return today.replace(year=today.year - rules_here().hold_years, day=min(today.day, 28))


def kept_of(customer_id: int) -> Kept:
    of_customer = sa.select(Invoice.id, Invoice.date).where(Invoice.customer_id == customer_id)
    invoices = db.session.execute(of_customer).all()
    since = held_since()
    proved = [row.id for row in invoices if row.date >= since]
    receipts = _count(Receipt.invoice_id.in_(proved))
    person = Person.of_customer(customer_id)
    others = person.shared.get("bookings", set()) - person.alone.get("bookings", set())
    files = _count(Receipt.booking_id.in_(others), Receipt.removed_at.is_(None))
    words = [
        ngettext(
            "%(num)s invoice: its amount, date and number",
            "%(num)s invoices: their amounts, dates and numbers",
            len(invoices),
        ),
        ngettext(
            "%(num)s receipt that proves one, as receipt-<number>",
            "%(num)s receipts that prove them, as receipt-<number>",
            receipts,
        ),
    ]
    shared = ngettext(
        "%(num)s document of a booking with other guests stays. Look at it and remove what shows this person.",
        "%(num)s documents of bookings with other guests stay. Look at them and remove what shows this person.",
        files,
    )
    return Kept(
        [text for text, number in zip(words, (len(invoices), receipts), strict=True) if number], shared if files else ""
    )


def copies_within_an_hour() -> int:
    """Count the copies of people's data that the user has downloaded."""
    latest = sa.select(Event.id).order_by(Event.id.desc()).limit(1).scalar_subquery()
    counted = sa.select(sa.func.count()).where(
        Event.id > latest - RECENT,
        Event.actor_id == current_actor(),
        Event.action == "customer.data_given",
        Event.at > db_ago(dt.timedelta(hours=1)),
    )
    return db.session.scalar(counted) or 0


def _count(*conditions: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count(Receipt.id)).where(*conditions)) or 0
