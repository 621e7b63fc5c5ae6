"""Merges."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.customers.models import Customer
from crm.kernel.branch_scope import seen_by_branch, seen_with
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, Json
from crm.kernel.tenancy import TenantMixin, within_organization


class Merge(TenantMixin, Base):
    """`snapshot` holds rows and moved ids for the undo (`merge.py`), and after it what that reported (`reports.py`)."""

    __tablename__ = "merges"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("kept_id", "customers", ondelete="CASCADE"),
        within_organization("gone_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_merges_kept", "organization_id", "kept_id", "id"),
        sa.Index("ix_merges_gone", "organization_id", "gone_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    kept_id: Mapped[int]
    gone_id: Mapped[int]
    snapshot: Mapped[dict[str, Any]] = mapped_column(Json)
    merged_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    undone_at: Mapped[dt.datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    @property
    def is_undone(self) -> bool:
        return self.undone_at is not None


# By the survivor: a merged customer has no branch.
seen_by_branch(Merge, lambda row: seen_with(Customer, row.kept_id))
