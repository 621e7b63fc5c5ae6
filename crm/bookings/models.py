"""Bookings and their persons."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import Branch
from crm.customers.models import Customer
from crm.intake.sources import SourceMixin
from crm.invoices.models import Invoice, Receipt
from crm.kernel.branch_scope import BOUND, seen_by_branch, seen_with
from crm.kernel.columns import Base, CreatedAt, Id, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.leads.models import Lead
from crm.values.language import N_


class BookingStatus(enum.StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CANCELED = "canceled"

    @property
    def label(self) -> str:
        return {self.PENDING: N_("Pending"), self.CONFIRMED: N_("Confirmed")}.get(self, N_("Canceled"))

    @property
    def tone(self) -> str:
        return {self.PENDING: "attention", self.CONFIRMED: "good"}.get(self, "neutral")


_OF_DAYS = sa.text("date_until IS NOT NULL")


class Booking(TenantMixin, Base):
    """A booking of a service for some persons. `amount` is an integer of the currency (`values/money.py`).

    service: the destination, or what was booked.
    date, date_until: from when to when; one day without the latter. ends_on: the last day, for lists.
    number: unique in the organization, ignoring case (`number_key`).
    lead_id: the lead that the booking found or created.
    search_text: the number, the service, and the contact details of its persons.
    status_before: the status before a cancelation.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "number_key", name="uq_bookings_number"),
        within_organization("branch_id", "branches"),
        within_organization("lead_id", "leads"),
        sa.Index("ix_bookings_lead", "organization_id", "lead_id"),
        sa.Index("ix_bookings_date", "organization_id", "date", "id"),
        sa.Index("ix_bookings_end", "organization_id", "ends_on", "id"),
        sa.Index("ix_bookings_status", "organization_id", "status", "date", "id"),
        sa.Index(
            "ix_bookings_days", "organization_id", "ends_on", "date", postgresql_where=_OF_DAYS, sqlite_where=_OF_DAYS
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(sa.String(40))
    number_key: Mapped[str] = mapped_column(sa.String(40))
    branch_id: Mapped[int | None]
    lead_id: Mapped[int | None]
    service: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    date: Mapped[dt.date] = mapped_column(sa.Date)
    date_until: Mapped[dt.date | None] = mapped_column(sa.Date)
    ends_on: Mapped[dt.date] = mapped_column(sa.Date, server_default="1970-01-01")
    status: Mapped[str] = mapped_column(sa.String(10), default=BookingStatus.PENDING.value)
    status_before: Mapped[str] = mapped_column(sa.String(10), default="")
    amount: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    search_text: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    branch: Mapped[Branch | None] = relationship(viewonly=True)
    lead: Mapped[Lead | None] = relationship(viewonly=True)
    documents: Mapped[list[Receipt]] = relationship(
        viewonly=True,
        primaryjoin=lambda: sa.and_(
            Receipt.organization_id == Booking.organization_id,
            sa.orm.foreign(Receipt.booking_id) == Booking.id,
            Receipt.removed_at.is_(None),
        ),
        order_by=Receipt.id,
    )
    persons: Mapped[list[BookingPerson]] = relationship(viewonly=True, order_by="BookingPerson.id")

    @property
    def label(self) -> str:
        return f"{self.number} · {self.service}" if self.service else self.number

    @property
    def is_several_days(self) -> bool:
        return self.date_until is not None and self.date_until != self.date

    def take_dates(self, first: dt.date, until: dt.date | None) -> None:
        self.date, self.date_until = first, until
        self.ends_on = until or first

    @property
    def state(self) -> BookingStatus:
        return BookingStatus(self.status)

    @property
    def is_canceled(self) -> bool:
        return self.state is BookingStatus.CANCELED

    def become(self, status: BookingStatus) -> bool:
        """Set the status; False when it has it already."""
        if self.status == status:
            return False
        self.status_before = (self.status or "") if status is BookingStatus.CANCELED else ""
        self.status = status.value
        return True

    def cancel(self) -> bool:
        return self.become(BookingStatus.CANCELED)

    def take_up(self) -> bool:
        """Restore the status before the cancelation; False when it is not canceled."""
        return self.is_canceled and self.become(BookingStatus(self.status_before or BookingStatus.PENDING))


class BookingPerson(SourceMixin, Base):
    __tablename__ = "booking_persons"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("booking_id", "bookings", ondelete="CASCADE"),
        within_organization("customer_id", "customers"),
        sa.Index("ix_booking_persons_booking", "organization_id", "booking_id", "id"),
        sa.Index("ix_booking_persons_customer", "organization_id", "customer_id"),
        sa.Index("ix_booking_persons_activity", "organization_id", "activity_at", "id"),
        {"sqlite_autoincrement": True},
    )

    booking_id: Mapped[int]
    is_lead: Mapped[bool] = mapped_column(default=False)

    booking: Mapped[Booking] = relationship(viewonly=True)
    customer: Mapped[Customer | None] = relationship(viewonly=True)


_tables = Base.metadata.tables
_tables["invoices"].append_constraint(within_organization("booking_id", "bookings"))
_tables["receipts"].append_constraint(within_organization("booking_id", "bookings", ondelete="CASCADE"))

seen_by_branch(Booking, lambda row: row.branch_id == BOUND)
seen_by_branch(Receipt, lambda row: sa.or_(seen_with(Invoice, row.invoice_id), seen_with(Booking, row.booking_id)))
