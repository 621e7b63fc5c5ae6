"""Invoices as an export."""

from __future__ import annotations

from collections.abc import Mapping

from crm.customers.exports import whose
from crm.invoices.lists import InvoiceFilter
from crm.invoices.models import Invoice, InvoiceStatus
from crm.kernel.exports import Column, Export, Kind
from crm.kernel.extensions import db
from crm.values.language import N_


def ids_of(query: Mapping[str, str]) -> list[int]:
    statement = InvoiceFilter.from_args(query).statement()
    return list(db.session.scalars(statement.with_only_columns(Invoice.id)))


EXPORT = Export(
    "invoices",
    N_("Invoices"),
    20,
    "invoices.index",
    ids_of,
    Invoice.id,
    (
        Column("id", N_("Invoice number"), Invoice.id, Kind.NUMBER),
        *whose(Invoice.customer_id),
        Column("date", N_("Date"), Invoice.date, Kind.DAY),
        Column("amount", N_("Amount"), Invoice.amount, Kind.MONEY),
        Column("currency", N_("Currency"), Invoice.currency),
        Column("status", N_("State"), Invoice.status, words=lambda status: InvoiceStatus(status).label),
        Column("note", N_("Note"), Invoice.note),
        Column("booking", N_("Booking id"), Invoice.booking_id, Kind.NUMBER),
        Column("created_at", N_("Added"), Invoice.created_at, Kind.MOMENT),
    ),
)
