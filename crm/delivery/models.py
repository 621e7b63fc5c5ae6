"""Reports, the organizations of attempts, and who was written to lately."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, BigInt, CreatedAt, Id
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import CHANNEL


class Recipient(Base):
    """The organization of an attempt: a report carries only the attempt's id. Without row-level security.

    recipient_key: a hash of the address. An inbound text to a shared number goes to the organization that wrote last.
    """

    __tablename__ = "attempt_places"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["organization_id", "attempt_id"], ["attempts.organization_id", "attempts.id"], ondelete="CASCADE"
        ),
        sa.Index(None, "recipient_key", "attempt_id"),
    )

    attempt_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))
    recipient_key: Mapped[str | None] = mapped_column(sa.String(32))


class ReachedUser(TenantMixin, Base):
    """A user whom the organization wrote to first; providers limit how many in a rolling day.

    user_key: a keyed hash of the address. created_at: when last.
    """

    __tablename__ = "reached_users"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "channel", "user_key"),
        sa.Index("ix_reached_users_time", "organization_id", "channel", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    channel: Mapped[Channel] = mapped_column(CHANNEL)
    user_key: Mapped[str] = mapped_column(sa.String(40))
    created_at: Mapped[CreatedAt]


class Report(TenantMixin, Base):
    """A provider's report about an attempt, in its own word; stored once, then applied.

    `said_at` is the provider's time, if given.
    """

    __tablename__ = "reports"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "attempt_id", "key"),
        within_organization("attempt_id", "attempts", ondelete="CASCADE"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    attempt_id: Mapped[int]
    key: Mapped[str] = mapped_column(sa.String(64))
    word: Mapped[str] = mapped_column(sa.String(40))
    provider_id: Mapped[str] = mapped_column(sa.String(100))
    error_code: Mapped[str | None] = mapped_column(sa.String(40))
    said_at: Mapped[dt.datetime | None]
    received_at: Mapped[CreatedAt]
    applied_at: Mapped[dt.datetime | None]
