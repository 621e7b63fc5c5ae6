"""The totals of customers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.branch_scope import BOUND, seen_by_branch
from crm.kernel.columns import Base, Id
from crm.kernel.tenancy import TenantMixin


class CustomerTotal(TenantMixin, Base):
    """A part of the count of the customers who are not archived, by branch (0 for none) and month of creation.

    Triggers on the customers write it in the transaction of each change, whoever makes it (migration 0013). A
    branch and month may have several rows, for PostgreSQL's writers only add some: a figure is the sum of them.
    """

    __tablename__ = "customer_totals"
    __table_args__ = (
        sa.Index("ix_customer_totals_key", "organization_id", "branch_id", "created_month"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    branch_id: Mapped[int] = mapped_column(server_default="0")
    created_month: Mapped[str] = mapped_column(sa.String(7))
    customers: Mapped[int] = mapped_column(server_default="0")
    active: Mapped[int] = mapped_column(server_default="0")
    points: Mapped[int] = mapped_column(server_default="0")
    bronze: Mapped[int] = mapped_column(server_default="0")
    silver: Mapped[int] = mapped_column(server_default="0")
    gold: Mapped[int] = mapped_column(server_default="0")
    platinum: Mapped[int] = mapped_column(server_default="0")


seen_by_branch(CustomerTotal, lambda row: row.branch_id == BOUND)
