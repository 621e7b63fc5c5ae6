"""Area customers."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import Branch
from crm.customers.models import Customer
from crm.intake.sources import SourceMixin
from crm.kernel.branch_scope import BOUND, seen_by_branch
from crm.kernel.columns import Base, CreatedAt, UtcDateTime, db_now
from crm.kernel.tenancy import within_organization


class AreaCustomer(SourceMixin, Base):
    """A person whom a branch knows by their area.

    area_key: folded, for filters.
    search_text: folded name and area, digits of the number in its spellings, e-mail.
    """

    __tablename__ = "area_customers"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("branch_id", "branches"),
        within_organization("customer_id", "customers"),
        sa.Index("ix_area_customers_customer", "organization_id", "customer_id"),
        sa.Index("ix_area_customers_activity", "organization_id", "activity_at", "id"),
        sa.Index("ix_area_customers_branch", "organization_id", "branch_id", "id"),
        sa.Index("ix_area_customers_area", "organization_id", "area_key", "id"),
        {"sqlite_autoincrement": True},
    )

    branch_id: Mapped[int | None]
    area: Mapped[str] = mapped_column(sa.String(100), default="")
    area_key: Mapped[str] = mapped_column(sa.String(100), default="")
    search_text: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    branch: Mapped[Branch | None] = relationship(viewonly=True)
    customer: Mapped[Customer | None] = relationship(viewonly=True)


seen_by_branch(AreaCustomer, lambda row: row.branch_id == BOUND)
