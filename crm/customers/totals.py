"""Counts of customers, kept by triggers."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.customers.rules import Tier
from crm.kernel.branch_scope import BOUND, seen_by_branch
from crm.kernel.columns import Base, Id
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.tenancy import TenantMixin

FIGURES = ("customers", "active", "points", *(tier.value for tier in Tier))


class CustomerTotal(TenantMixin, Base):
    """A part of the count of unarchived customers, by branch (0 for none) and month of creation.

    Triggers write it (migration 0013). A branch and month may have several rows: PostgreSQL's writers only insert.
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


class Totals(NamedTuple):
    customers: int
    active: int
    points: int
    tiers: dict[str, int]

    @property
    def shown(self) -> tuple[int, ...]:
        return self.customers, self.active, self.points, *self.tiers.values()


def totals(branch_id: int | None = None) -> Totals:
    statement = _TOTALS if branch_id is None else _TOTALS_OF_BRANCH
    customers, active, points, *tiers = map(int, db.session.execute(statement, {"branch": branch_id}).one())
    return Totals(customers, active, points, dict(zip((tier.value for tier in Tier), tiers, strict=True)))


SUMS = [sa.func.coalesce(sa.func.sum(getattr(CustomerTotal, figure)), 0) for figure in FIGURES]
_TOTALS = prepared(sa.select(*SUMS))
_TOTALS_OF_BRANCH = _TOTALS.where(CustomerTotal.branch_id == sa.bindparam("branch"))
