"""What was done with many reminders at once, for its undo."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.branch_scope import seen_by_branch
from crm.kernel.columns import Base, BigInt, CreatedAt, Id
from crm.kernel.tenancy import ACTOR, TenantMixin


class ReminderChange(TenantMixin, Base):
    """undo: by kind and id, what undoing needs. Only its user sees it."""

    __tablename__ = "reminder_changes"
    __table_args__ = (sa.UniqueConstraint("organization_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id", ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(sa.String(10))
    undo: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]
    undone_at: Mapped[dt.datetime | None]


seen_by_branch(ReminderChange, lambda row: row.user_id == ACTOR)
