"""Reads of invoices for the customer's page."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm.customers.models import Customer
from crm.extensions import db
from crm.invoices.models import Invoice, Receipt

SHOWN = 20
PAGE = 50


class InvoicePage(NamedTuple):
    """Invoices with their receipts, the latest first, and the cursor of those before them, if there are any."""

    rows: list[Invoice]
    older: str | None


def invoices_of(customer_id: int, limit: int = PAGE, before: str | None = None) -> InvoicePage:
    """Return a customer's invoices, from the latest on or from the cursor `before`; one that can't be read is none."""
    place = _place(before or "")
    statement = _OF_CUSTOMER
    if place is not None:
        statement = statement.where(sa.tuple_(Invoice.date, Invoice.id) < sa.tuple_(*place))
    rows = list(db.session.scalars(statement, {"customer": customer_id, "most": limit + 1}))
    last = rows[limit - 1] if len(rows) > limit else None
    return InvoicePage(rows[:limit], f"{last.date}.{last.id}" if last else None)


def panel_data(customer: Customer) -> dict[str, Any]:
    """Return what the panel on the customer's page shows."""
    return {"page": invoices_of(customer.id, SHOWN)}


def count_in_words(customer_id: int) -> str:
    """Return how much there is, as in "4 invoices with 6 receipts"; "" for nothing."""
    invoices, receipts = db.session.execute(
        sa.select(sa.func.count(Invoice.id.distinct()), sa.func.count(Receipt.id))
        .outerjoin(Receipt, Receipt.invoice_id == Invoice.id)
        .where(Invoice.customer_id == customer_id)
    ).one()
    if not invoices:
        return ""
    words = _number(invoices, "invoice")
    return f"{words} with {_number(receipts, 'receipt')}" if receipts else words


_OF_CUSTOMER = (
    sa.select(Invoice)
    .where(Invoice.customer_id == sa.bindparam("customer"))
    .options(selectinload(Invoice.receipts))
    .order_by(Invoice.date.desc(), Invoice.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def _place(cursor: str) -> tuple[dt.date, int] | None:
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.(\d{1,18})", cursor, re.ASCII)
    if match is None:
        return None
    try:
        return dt.date.fromisoformat(match[1]), int(match[2])
    except ValueError:
        return None


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
