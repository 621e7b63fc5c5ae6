"""Invoices and their receipts."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.columns import Base, BigInt, CreatedAt, Id
from crm.customers.models import Customer
from crm.tenancy import TenantMixin, within_organization


class Invoice(TenantMixin, Base):
    """What a customer was charged. `amount` is integer hundredths of `currency`."""

    __tablename__ = "invoices"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_invoices_customer", "organization_id", "customer_id", "date", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
    date: Mapped[dt.date] = mapped_column(sa.Date)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    status: Mapped[str] = mapped_column(sa.String(10), default="open")
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    customer: Mapped[Customer] = relationship(viewonly=True)
    receipts: Mapped[list[Receipt]] = relationship(viewonly=True, order_by="Receipt.id")


class Receipt(TenantMixin, Base):
    """A file of an invoice: the original as it was uploaded, and the PDF the worker makes of it.

    `state` is converting, ready or failed; `reason` says why it failed. A worker holds it until `lease_until`.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("invoice_id", "invoices", ondelete="CASCADE"),
        sa.Index("ix_receipts_invoice", "organization_id", "invoice_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    invoice_id: Mapped[int]
    filename: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(10))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    original_key: Mapped[str] = mapped_column(sa.String(200))
    pdf_key: Mapped[str | None] = mapped_column(sa.String(200))
    pdf_size: Mapped[int | None]
    pages: Mapped[int | None] = mapped_column(sa.Integer)
    state: Mapped[str] = mapped_column(sa.String(12), default="converting")
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    tries: Mapped[int] = mapped_column(sa.Integer, default=0)
    claim_token: Mapped[str | None] = mapped_column(sa.String(32))
    lease_until: Mapped[dt.datetime | None]
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    invoice: Mapped[Invoice] = relationship(viewonly=True)
