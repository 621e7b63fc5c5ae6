"""Parcels of customers."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, CreatedAt, Id, UtcDateTime
from crm.kernel.tenancy import TenantMixin, within_organization


class Parcel(TenantMixin, Base):
    """A parcel; `counted_at` is when the worker counted it."""

    __tablename__ = "parcels"
    __table_args__ = (
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_parcels_customer", "organization_id", "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    counted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime())
    created_at: Mapped[CreatedAt]
