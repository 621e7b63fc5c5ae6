"""What outlives an erasure: the ledger of who was erased, and what an organization keeps for how long."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.customers.models import Customer
from crm.kernel.branch_scope import seen_by_branch, seen_with
from crm.kernel.columns import Base, CreatedAt, Id, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin, within_organization

HOLD_YEARS = 10


class ErasedRow(Base):
    """A row of somebody who was erased; `key` is a keyed hash of its table, id and time (`ledger.py`).

    It is the installation's, and in no backup: an older one that is restored has the row again. `organization_id` is no
    foreign key, for the row outlives the organization.
    """

    __tablename__ = "erased_rows"
    __table_args__ = (sa.UniqueConstraint("organization_id", "key"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    organization_id: Mapped[int]
    key: Mapped[str] = mapped_column(sa.String(64))
    erased_at: Mapped[CreatedAt]


class RetentionRules(TenantMixin, Base):
    """For how long an organization keeps what; None for ever.

    inactive_months: customers. *_days: texts of messages, texts that came in, files of imports, attempts to deliver.
    hold_years: for how long receipts of invoices have to be kept, whatever else is erased.
    """

    __tablename__ = "retention_rules"
    __table_args__ = (sa.UniqueConstraint("organization_id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    inactive_months: Mapped[int | None]
    messages_days: Mapped[int | None]
    inbound_days: Mapped[int | None]
    imports_days: Mapped[int | None]
    deliveries_days: Mapped[int | None]
    hold_years: Mapped[int] = mapped_column(default=HOLD_YEARS)
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())


class InactiveCustomer(TenantMixin, Base):
    """A customer who is to be erased at `erase_at`, for they were inactive too long; `kept_at` if somebody said no."""

    __tablename__ = "inactive_customers"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "customer_id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_inactive_customers_erase", "organization_id", "erase_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    erase_at: Mapped[dt.datetime]
    kept_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]

    customer: Mapped[Customer] = relationship(viewonly=True)


seen_by_branch(InactiveCustomer, lambda row: seen_with(Customer, row.customer_id))
