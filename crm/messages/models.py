"""Messages and the attempts to send them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.columns import Base, BigInt, CreatedAt, Id, UtcDateTime, db_now
from crm.customers.models import Customer
from crm.messages.rules import NEEDS_A_PERSON, OPEN, Channel, Status
from crm.tenancy import TenantMixin, within_organization


def _in(statuses: frozenset[Status]) -> str:
    return ", ".join(f"'{status.value}'" for status in sorted(statuses))


_ATTENTION = sa.text(f"acknowledged_at IS NULL AND status IN ({_in(NEEDS_A_PERSON)})")
_OPEN = sa.text(f"acknowledged_at IS NULL AND status IN ({_in(OPEN)})")


class Message(TenantMixin, Base):
    """A scheduled SMS or WhatsApp to one customer.

    `status` is proof and only moves by the verbs here. A claim holds until `lease_until` and every later write of
    the worker carries its `claim_token`. `before_done` is what Undo brings back.
    """

    __tablename__ = "messages"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_messages_customer", "organization_id", "customer_id", "send_at"),
        sa.Index(
            "ix_messages_attention",
            "organization_id",
            "send_at",
            postgresql_where=_ATTENTION,
            sqlite_where=_ATTENTION,
        ),
        sa.Index("ix_messages_open", "organization_id", "send_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
        sa.Index("ix_messages_status", "organization_id", "status", "send_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    channel: Mapped[str] = mapped_column(sa.String(10))
    body: Mapped[str] = mapped_column(sa.Text)
    send_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    status: Mapped[str] = mapped_column(sa.String(12), default=Status.SCHEDULED.value)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    status_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())
    attempts_made: Mapped[int] = mapped_column(sa.Integer, default=0)
    claim_token: Mapped[str | None] = mapped_column(sa.String(32))
    lease_until: Mapped[dt.datetime | None]
    handed_over_at: Mapped[dt.datetime | None]
    acknowledged_at: Mapped[dt.datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    before_done: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    customer: Mapped[Customer] = relationship(viewonly=True)
    attempts: Mapped[list[Attempt]] = relationship(viewonly=True, order_by="Attempt.id")

    @property
    def state(self) -> Status:
        """Where the message is."""
        return Status(self.status)

    @property
    def via(self) -> Channel:
        """How it reaches the customer."""
        return Channel(self.channel)


class Attempt(TenantMixin, Base):
    """One call of a gateway, written before the call and completed after it."""

    __tablename__ = "attempts"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("message_id", "messages", ondelete="CASCADE"),
        sa.Index("ix_attempts_message", "organization_id", "message_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    message_id: Mapped[int]
    claim_token: Mapped[str] = mapped_column(sa.String(32))
    gateway: Mapped[str] = mapped_column(sa.String(20))
    channel: Mapped[str] = mapped_column(sa.String(10))
    recipient: Mapped[str] = mapped_column(sa.String(60))
    body: Mapped[str] = mapped_column(sa.Text)
    started_at: Mapped[CreatedAt]
    finished_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(sa.String(20))
    provider_id: Mapped[str | None] = mapped_column(sa.String(100))
    error_code: Mapped[str | None] = mapped_column(sa.String(40))
    detail: Mapped[str] = mapped_column(sa.String(300), default="")
