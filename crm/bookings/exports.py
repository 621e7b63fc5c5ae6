"""Bookings as an export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Branch
from crm.bookings.models import Booking, BookingPerson, BookingStatus
from crm.bookings.queries import ALL, BookingFilter
from crm.invoices.models import Invoice, InvoiceStatus
from crm.kernel.exports import Column, Export, Kind
from crm.kernel.extensions import db
from crm.values.language import N_


def ids_of(query: Mapping[str, str]) -> list[int]:
    wanted = BookingFilter.from_args(query or {"when": ALL})
    return list(db.session.scalars(wanted.statement().with_only_columns(Booking.id)))


def _of_lead_person(value: Any) -> Any:
    of_lead = sa.select(value).where(BookingPerson.booking_id == Booking.id, BookingPerson.is_lead)
    return of_lead.limit(1).scalar_subquery()


_PAID = (
    sa.select(sa.func.coalesce(sa.func.sum(Invoice.amount), 0))
    .where(Invoice.booking_id == Booking.id, Invoice.status == InvoiceStatus.OPEN.value)
    .scalar_subquery()
)

EXPORT = Export(
    "bookings",
    N_("Bookings"),
    60,
    "bookings.index",
    ids_of,
    Booking.id,
    (
        Column("id", N_("Booking id"), Booking.id, Kind.NUMBER),
        Column("number", N_("Booking number"), Booking.number),
        Column("branch", N_("Branch"), sa.select(Branch.name).where(Branch.id == Booking.branch_id).scalar_subquery()),
        Column("service", N_("Destination or service"), Booking.service),
        Column("date", N_("From"), Booking.date, Kind.DAY),
        Column("date_until", N_("Until"), Booking.date_until, Kind.DAY),
        Column("status", N_("State"), Booking.status, words=lambda status: BookingStatus(status).label),
        Column("lead_person", N_("Main contact"), _of_lead_person(BookingPerson.name)),
        Column("customer", N_("Customer number"), _of_lead_person(BookingPerson.customer_id), Kind.NUMBER),
        Column(
            "persons",
            N_("Persons"),
            sa.select(sa.func.count()).where(BookingPerson.booking_id == Booking.id).scalar_subquery(),
            Kind.NUMBER,
        ),
        Column("amount", N_("Amount"), Booking.amount, Kind.MONEY),
        Column("paid", N_("Paid"), _PAID, Kind.MONEY),
        Column("lead", N_("Lead number"), Booking.lead_id, Kind.NUMBER),
        Column("note", N_("Note"), Booking.note),
        Column("created_at", N_("Added"), Booking.created_at, Kind.MOMENT),
    ),
)
