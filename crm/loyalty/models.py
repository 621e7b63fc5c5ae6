"""The ledger of points."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.customers.models import Customer
from crm.kernel.columns import Base, BigInt, CreatedAt, Id
from crm.kernel.tenancy import TenantMixin, within_organization


class PointsEntry(TenantMixin, Base):
    """One change of a customer's points, written once.

    asked: the wanted change. applied: the change made; a deduction stops at 0. balance: the points afterwards.
    key: unique in the organization, so that a repeated request adds nothing.
    reverses_id: the entry that this one reverses, at most once.
    Entries of a customer are ordered by id: each is written under the customer's lock.
    """

    __tablename__ = "points_entries"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "key"),
        sa.UniqueConstraint("organization_id", "reverses_id"),
        sa.CheckConstraint("balance >= 0", name="balance"),
        sa.CheckConstraint("applied = asked OR (asked < applied AND applied <= 0 AND balance = 0)", name="applied"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        within_organization("reverses_id", "points_entries", ondelete="CASCADE"),
        sa.Index("ix_points_entries_customer", "organization_id", "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    asked: Mapped[int]
    applied: Mapped[int]
    balance: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    source: Mapped[str] = mapped_column(sa.String(40), default="Manual")
    key: Mapped[str] = mapped_column(sa.String(120))
    reverses_id: Mapped[int | None]
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    customer: Mapped[Customer] = relationship(viewonly=True)
    created_by: Mapped[User | None] = relationship(viewonly=True)

    @property
    def is_reversal(self) -> bool:
        return self.reverses_id is not None

    @property
    def is_short(self) -> bool:
        return self.applied != self.asked
