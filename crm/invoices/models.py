"""Invoices and their receipts.

The foreign keys to bookings stand in `bookings/models.py`, for this floor is imported before that one.
"""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.customers.models import Customer
from crm.invoices import rules
from crm.kernel.columns import Base, BigInt, CreatedAt, Id
from crm.kernel.tenancy import TenantMixin, current_actor, within_organization
from crm.values import clock
from crm.values.language import N_
from crm.values.stored import shown, stored

for _sentence in rules.WITH_VALUES:
    stored(_sentence)


class InvoiceStatus(enum.StrEnum):
    OPEN = "open"
    VOID = "void"

    @property
    def label(self) -> str:
        return N_("Open") if self is InvoiceStatus.OPEN else N_("Void")


class ReceiptState(enum.StrEnum):
    CONVERTING = "converting"
    READY = "ready"
    FAILED = "failed"


class Invoice(TenantMixin, Base):
    """`amount` is an integer of `currency` (`values/money.py`); void invoices don't count in the customer's totals.

    booking_id: the booking that it is paid for, of any of its guests or of somebody else.
    search_text: the folded words of the note. edited_at: when it was changed last, other than by voiding.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_invoices_customer", "organization_id", "customer_id", "date", "id"),
        sa.Index("ix_invoices_booking", "organization_id", "booking_id"),
        # With what the list is filtered by and summed up, so that a month is read from the index.
        sa.Index("ix_invoices_date", "organization_id", "date", "id", "status", "amount", "currency"),
        sa.Index("ix_invoices_amount", "organization_id", "amount", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    booking_id: Mapped[int | None]
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
    date: Mapped[dt.date] = mapped_column(sa.Date)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    search_text: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    status: Mapped[str] = mapped_column(sa.String(10), default=InvoiceStatus.OPEN.value)
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    edited_at: Mapped[dt.datetime | None]
    voided_at: Mapped[dt.datetime | None]
    voided_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))

    customer: Mapped[Customer] = relationship(viewonly=True)
    # By the invoice first: SQLite would read all receipts in the order of their ids.
    receipts: Mapped[list[Receipt]] = relationship(viewonly=True, order_by="(Receipt.invoice_id, Receipt.id)")

    @property
    def changed_at(self) -> dt.datetime:
        return self.voided_at or self.edited_at or self.created_at

    @property
    def version(self) -> str:
        """What a form that edits it was filled from."""
        return self.edited_at.isoformat() if self.edited_at else ""

    voided_by: Mapped[User | None] = relationship(viewonly=True, foreign_keys=voided_by_id)

    @property
    def is_void(self) -> bool:
        return self.status == InvoiceStatus.VOID

    def void(self) -> bool:
        if self.is_void:
            return False
        self.status, self.voided_at, self.voided_by_id = InvoiceStatus.VOID.value, clock.utcnow(), current_actor()
        return True


class Receipt(TenantMixin, Base):
    """A file of an invoice, or a document of a booking: the original, and the PDF that the worker makes of it.

    `removed_at` is when a document was removed; it can be taken back until its files are deleted.
    `kind` is that of the original's content. `reason` says why the conversion failed, `notice` what the PDF
    lacks or where the same file is. `claim_token` and `lease_until` are of the last worker's lease.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "original_key"),
        within_organization("invoice_id", "invoices", ondelete="CASCADE"),
        sa.Index("ix_receipts_invoice", "organization_id", "invoice_id"),
        sa.Index("ix_receipts_booking", "organization_id", "booking_id"),
        sa.Index("ix_receipts_uploaded", "organization_id", "created_by_id", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    invoice_id: Mapped[int | None]
    booking_id: Mapped[int | None]
    removed_at: Mapped[dt.datetime | None]
    filename: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(10))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    original_key: Mapped[str] = mapped_column(sa.String(200))
    pdf_key: Mapped[str | None] = mapped_column(sa.String(200))
    pdf_size: Mapped[int | None]
    pages: Mapped[int | None] = mapped_column(sa.Integer)
    state: Mapped[str] = mapped_column(sa.String(12), default=ReceiptState.CONVERTING.value)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    notice: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    tries: Mapped[int] = mapped_column(sa.Integer, default=0)
    claim_token: Mapped[str | None] = mapped_column(sa.String(32))
    lease_until: Mapped[dt.datetime | None]
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    invoice: Mapped[Invoice | None] = relationship(viewonly=True)

    @property
    def reason_shown(self) -> str:
        return shown(self.reason)

    @property
    def notice_shown(self) -> str:
        return " ".join(map(shown, self.notice.splitlines()))

    @property
    def is_converting(self) -> bool:
        return self.state == ReceiptState.CONVERTING

    @property
    def is_ready(self) -> bool:
        return self.state == ReceiptState.READY

    @property
    def is_failed(self) -> bool:
        return self.state == ReceiptState.FAILED

    def claim(self, token: str, until: dt.datetime) -> None:
        self.claim_token, self.lease_until = token, until
        self.tries += 1

    def release(self) -> None:
        self.claim_token, self.lease_until = None, None

    def succeed(self, pdf_key: str, pdf_size: int, pages: int, notice: str = "") -> None:
        self.release()
        self.notice = "\n".join(filter(None, (self.notice, notice)))[:300]
        self.state, self.reason = ReceiptState.READY.value, ""
        self.pdf_key, self.pdf_size, self.pages = pdf_key, pdf_size, pages

    def fail(self, reason: str) -> None:
        self.release()
        self.state, self.reason = ReceiptState.FAILED.value, reason[:300]

    def remove(self) -> bool:
        if self.removed_at is not None:
            return False
        self.removed_at = clock.utcnow()
        return True

    def take_back(self) -> bool:
        if self.removed_at is None:
            return False
        self.removed_at = None
        return True

    def retry(self) -> bool:
        if not self.is_failed:
            return False
        self.state, self.reason, self.tries = ReceiptState.CONVERTING.value, "", 0
        return True
