"""What the page shows of everything that is the customer's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from crm.bookings import queries as bookings
from crm.bookings.models import Booking, BookingPerson
from crm.customer_page.cards import Card, card_of
from crm.customer_page.codes import likely_channels
from crm.customer_page.models import ErasureRequest
from crm.customer_page.wishes import is_on, open_wish, switch_label, switches, today_here
from crm.customers.models import Customer
from crm.invoices import queries as invoices
from crm.invoices.models import Invoice, Receipt
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.loyalty import queries as loyalty
from crm.loyalty.tiers import Standing
from crm.rewards import queries as rewards
from crm.rewards.queries import Offer

INVOICES = 20
OFFERS = 30


class Switch(NamedTuple):
    """Something by which the customer may be written to, in the customer's words."""

    name: str
    label: str
    is_on: bool


class Whole(NamedTuple):
    """`turns` are the bookings that the customer may confirm and cancel; `to` is where codes go, "" for nowhere."""

    card: Card
    standing: Standing
    offers: Sequence[Offer]
    bookings: Sequence[Booking]
    accounts: Mapping[int, bookings.Account]
    turns: Collection[int]
    invoices: Sequence[Invoice]
    has_more_invoices: bool
    switches: Sequence[Switch]
    to: str
    wish: ErasureRequest | None
    today: dt.date


def whole_of(customer: Customer) -> Whole:
    theirs = bookings.panel_data(customer)
    page = invoices.invoices_of(customer.id, INVOICES)
    ways = likely_channels(customer)
    return Whole(
        card_of(customer),
        loyalty.standing(customer, today_here()),
        rewards.open_to(customer, to_them=True)[:OFFERS],
        theirs.get("bookings", ()),
        theirs.get("accounts", {}),
        _turns(customer.id, theirs.get("bookings", ())),
        page.rows,
        page.older is not None,
        [Switch(name, switch_label(name, by), is_on(customer, name)) for name, by in switches().items()],
        ways[0].addresses.masked(ways[0].addresses.of(customer)) if ways else "",
        open_wish(customer.id),
        today_here(),
    )


def receipt_of(customer_id: int, receipt_id: int) -> Receipt | None:
    """Return a receipt of the customer's own invoices."""
    found = sa.select(Receipt).join(Invoice, Invoice.id == Receipt.invoice_id)
    found = found.where(Receipt.id == receipt_id, Invoice.customer_id == customer_id, Receipt.removed_at.is_(None))
    return db.session.scalars(found).one_or_none()


def _turns(customer_id: int, shown: Sequence[Booking]) -> set[int]:
    if not shown:
        return set()
    leads = sa.select(BookingPerson.booking_id).where(
        BookingPerson.customer_id == customer_id,
        BookingPerson.is_lead,
        one_of(BookingPerson.booking_id, [booking.id for booking in shown]),
    )
    return set(db.session.scalars(leads))
