"""Check-ins of customers."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, BigInt, CreatedAt, Id
from crm.kernel.tenancy import TenantMixin, within_organization


class Visit(TenantMixin, Base):
    """A check-in at a moment; `day` is the local date of it, by the zone that the organization had then.

    Without a foreign key on `branch_id`, where it was, a branch can be deleted.
    """

    __tablename__ = "visits"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_visits_customer", "organization_id", "customer_id", "day"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    branch_id: Mapped[int | None]
    at: Mapped[dt.datetime]
    day: Mapped[dt.date] = mapped_column(sa.Date)
    source: Mapped[str] = mapped_column(sa.String(40), default="Manual")
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
