"""Invoices as an export."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.invoices.models import Invoice, InvoiceStatus
from crm.kernel.exports import Column, Export, Kind
from crm.kernel.extensions import db
from crm.values.language import N_


def ids_of(query: Mapping[str, str]) -> list[int]:
    return list(db.session.scalars(sa.select(Invoice.id).order_by(Invoice.date.desc(), Invoice.id.desc())))


_STATES = {InvoiceStatus.OPEN: N_("Open"), InvoiceStatus.VOID: N_("Void")}

EXPORT = Export(
    "invoices",
    N_("Invoices"),
    20,
    "home.index",
    ids_of,
    Invoice.id,
    (
        Column("id", N_("Invoice number"), Invoice.id, Kind.NUMBER),
        Column("customer", N_("Customer number"), Invoice.customer_id, Kind.NUMBER),
        Column(
            "customer_name",
            N_("Customer"),
            sa.select(Customer.name).where(Customer.id == Invoice.customer_id).scalar_subquery(),
        ),
        Column("date", N_("Date"), Invoice.date, Kind.DAY),
        Column("amount", N_("Amount"), Invoice.amount, Kind.MONEY),
        Column("currency", N_("Currency"), Invoice.currency),
        Column("status", N_("State"), Invoice.status, words=lambda status: _STATES[status]),
        Column("note", N_("Note"), Invoice.note),
        Column("booking", N_("Booking id"), Invoice.booking_id, Kind.NUMBER),
        Column("created_at", N_("Added"), Invoice.created_at, Kind.MOMENT),
    ),
)
