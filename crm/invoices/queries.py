"""Queries of invoices."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.rules import TotalsDifference
from crm.invoices.filenames import Sibling
from crm.invoices.models import Invoice, InvoiceStatus, Receipt
from crm.invoices.order_dates import order_moment
from crm.kernel.columns import db_ago
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.loyalty import queries as loyalty
from crm.values import clock, money
from crm.values.language import gettext as _
from crm.values.language import ngettext

PANEL_SIZE = 20
PAGE_SIZE = 50


OPEN = Invoice.status == InvoiceStatus.OPEN.value


class InvoicePage(NamedTuple):
    """`bookings` are the labels, by id, of what the invoices are for."""

    rows: list[Invoice]
    older: str | None
    bookings: Mapping[int, str]


def invoices_of(customer_id: int, limit: int = PAGE_SIZE, before: str | None = None) -> InvoicePage:
    """Return a customer's invoices after the cursor `before`; an unreadable cursor is ignored."""
    position = _cursor_position(before or "")
    statement = _OF_CUSTOMER
    if position is not None:
        statement = statement.where(sa.tuple_(Invoice.date, Invoice.id) < sa.tuple_(*position))
    rows = list(db.session.scalars(statement, {"customer": customer_id, "most": limit + 1}).unique())
    last = rows[limit - 1] if len(rows) > limit else None
    return InvoicePage(rows[:limit], f"{last.date}.{last.id}" if last else None, bookings_of(rows[:limit]))


def bookings_of(invoices: Sequence[Invoice]) -> Mapping[int, str]:
    """Return by id how the bookings of invoices are called, as far as the user sees them."""
    payable, ids = catalog().payable, list({invoice.booking_id for invoice in invoices if invoice.booking_id})
    return payable.labels(ids) if payable and ids else {}


def booking_called(booking_id: int) -> str | None:
    """Return how a booking is called; None for one that the user doesn't see."""
    payable = catalog().payable
    return payable.labels([booking_id]).get(booking_id) if payable else None


def bookings_to_pay(customer_id: int) -> Mapping[int, str]:
    payable = catalog().payable
    return payable.of_customer(customer_id) if payable else {}


def balance_of(booking_id: int) -> int:
    """Return the amount that is still to be paid for a booking."""
    payable = catalog().payable
    return payable.balance(booking_id) if payable else 0


def panel_data(customer: Customer) -> dict[str, Any]:
    return {"page": invoices_of(customer.id, PANEL_SIZE)}


def points_key(invoice_id: int) -> str:
    return f"invoice-{invoice_id}"


def points_of(invoice_id: int) -> loyalty.Earned:
    return loyalty.earned_under(points_key(invoice_id))


def uploaded_within_a_day(user_id: int | None) -> tuple[int, int]:
    """Return the number and the bytes of a user's new receipts."""
    counted = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Receipt.size), 0))
    of_user = counted.where(Receipt.created_by_id == user_id, Receipt.created_at > db_ago(dt.timedelta(days=1)))
    count, size = db.session.execute(of_user).one()
    return count, int(size)


def siblings(invoice: Invoice, hashes: Sequence[str]) -> list[Sibling]:
    """Return the receipts of an invoice, and those of the customer's other invoices with one of the hashes."""
    rows = db.session.execute(
        sa.select(Receipt.filename, Receipt.sha256, Invoice.id, Invoice.date)
        .join(Invoice, Invoice.id == Receipt.invoice_id)
        .where(Invoice.customer_id == invoice.customer_id)
        .where(sa.or_(Invoice.id == invoice.id, Receipt.sha256.in_(hashes)))
        .order_by(Receipt.id.desc())
    )
    return [Sibling(name, hash_, None if id_ == invoice.id else day) for name, hash_, id_, day in rows]


def count_in_words(customer_id: int) -> str:
    """Return a text like "4 invoices with 6 receipts"; "" for none."""
    invoices, receipts = db.session.execute(
        sa.select(sa.func.count(Invoice.id.distinct()), sa.func.count(Receipt.id))
        .outerjoin(Receipt, Receipt.invoice_id == Invoice.id)
        .where(Invoice.customer_id == customer_id)
    ).one()
    if not invoices:
        return ""
    words = ngettext("%(num)s invoice", "%(num)s invoices", invoices, num=f"{invoices:,}")
    if not receipts:
        return words
    theirs = ngettext("%(num)s receipt", "%(num)s receipts", receipts, num=f"{receipts:,}")
    return _("%(invoices)s with %(receipts)s", invoices=words, receipts=theirs)


def zone_here() -> ZoneInfo:
    return clock.zone(current_organization().time_zone)


def differences() -> list[TotalsDifference]:
    """Compare totals with open invoices; each statement reads one snapshot, so invoices in progress don't differ."""
    return sorted([*_wrong_sums(), *_wrong_last_orders()])


def invoices(customer_id: int) -> sa.Select[Invoice]:
    statement = sa.select(Invoice).where(Invoice.customer_id == customer_id).options(selectinload(Invoice.receipts))
    return statement.order_by(Invoice.date.desc(), Invoice.id.desc())


_OF_CUSTOMER = prepared(
    sa.select(Invoice)
    .where(Invoice.customer_id == sa.bindparam("customer"))
    .options(joinedload(Invoice.receipts), joinedload(Invoice.voided_by))
    .order_by(Invoice.date.desc(), Invoice.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def _wrong_sums() -> list[TotalsDifference]:
    made = (
        sa.select(Invoice.customer_id, sa.func.count().label("orders"), sa.func.sum(Invoice.amount).label("spent"))
        .where(OPEN)
        .group_by(Invoice.customer_id)
        .subquery()
    )
    orders, spent = sa.func.coalesce(made.c.orders, 0), sa.func.coalesce(made.c.spent, 0)
    rows = db.session.execute(
        sa.select(Customer.id, Customer.total_orders, Customer.total_spent, orders, spent)
        .outerjoin(made, made.c.customer_id == Customer.id)
        .where(sa.or_(Customer.total_orders != orders, Customer.total_spent != spent))
    )
    return [
        TotalsDifference(id_, f"has {_orders(*found)}; the open invoices make {_orders(*right)}.")
        for id_, *numbers in rows
        for found, right in [(numbers[:2], numbers[2:])]
    ]


def _orders(number: int, spent: int) -> str:
    sum_ = money.to_json(spent, current_organization().currency)
    return f"{number:,} order{'' if number == 1 else 's'} of {sum_} in all"


def _wrong_last_orders() -> Iterator[TotalsDifference]:
    zone = zone_here()
    latest = sa.select(Invoice.customer_id, sa.func.max(Invoice.date).label("date")).where(OPEN)
    days = latest.group_by(Invoice.customer_id).subquery()
    of_that_day = sa.and_(Invoice.customer_id == days.c.customer_id, Invoice.date == days.c.date, OPEN)
    rows = db.session.execute(
        sa.select(Customer.id, Customer.last_order_at, Invoice.date, Invoice.created_at)
        .outerjoin(days, days.c.customer_id == Customer.id)
        .outerjoin(Invoice, of_that_day)
        .where(sa.or_(Customer.last_order_at.is_not(None), Invoice.id.is_not(None)))
        .order_by(Customer.id)
        .execution_options(yield_per=1_000)
    )
    for (id_, found), group in itertools.groupby(rows, key=lambda row: (row[0], row[1])):
        moments = [order_moment(date, entered_at, zone) for _, _, date, entered_at in group if date]
        right = max(moments, default=None)
        if found != right:
            yield TotalsDifference(id_, f"ordered last {_moment(found)}; by the open invoices it was {_moment(right)}.")


def _moment(moment: dt.datetime | None) -> str:
    return f"at {moment:%Y-%m-%dT%H:%M:%SZ}" if moment else "never"


def _cursor_position(cursor: str) -> tuple[dt.date, int] | None:
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})", cursor, re.ASCII)
    if match is None:
        return None
    try:
        return dt.date.fromisoformat(match[1]), int(match[2])
    except ValueError:
        return None
