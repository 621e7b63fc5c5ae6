"""Scans, and answered webhook calls."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.branch_scope import BOUND, seen_by_branch
from crm.kernel.columns import Base, CreatedAt, Id, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin
from crm.kernel.work.models import LongJobMixin


class Scan(LongJobMixin, TenantMixin, Base):
    """A scan of the records of the last `cutoff_days` days, since `since`.

    Sources are scanned in turn, each by `activity_at` and id: `source`, `position_at` and `position_id` name the last
    record. `total` is the number of records at the start.
    """

    __tablename__ = "scans"
    __table_args__ = (sa.UniqueConstraint("organization_id", "id"), {"sqlite_autoincrement": True})

    cutoff_days: Mapped[int]
    since: Mapped[dt.datetime]
    source: Mapped[str] = mapped_column(sa.String(20), default="")
    position_at: Mapped[dt.datetime | None]
    position_id: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None] = mapped_column(default=0, nullable=False)
    looked: Mapped[int] = mapped_column("done", default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now(), onupdate=db_now())


class WebhookCall(TenantMixin, Base):
    """An answered call by its `webhook-id`; `fingerprint` is the SHA-256 of the body."""

    __tablename__ = "webhook_calls"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "key"),
        sa.Index("ix_webhook_calls_age", "organization_id", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(sa.String(255))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[CreatedAt]


seen_by_branch(Scan, lambda row: row.branch_id == BOUND)
