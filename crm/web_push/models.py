"""Browsers that customers allowed notices on, and the notices on their way."""

from __future__ import annotations

import datetime as dt
import enum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.customers.models import Customer
from crm.kernel.columns import Base, CreatedAt, Id, TextCode
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.web_push.encoding import decode
from crm.web_push.encryption import AUTH, PUBLIC_KEY
from crm.web_push.rules import MAX_ENDPOINT, Urgency


class PushSubscription(TenantMixin, Base):
    """A browser on which a customer allowed notices: that there is a row is the consent.

    endpoint: where its push service takes messages; of one customer, the one who subscribed last. keys: the name of
    our keys that it subscribed to (`vapid.Keys`); with other keys it is of no use.
    """

    __tablename__ = "push_subscriptions"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "endpoint_hash"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_push_subscriptions_customer", "organization_id", "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    endpoint: Mapped[str] = mapped_column(sa.String(MAX_ENDPOINT))
    endpoint_hash: Mapped[str] = mapped_column(sa.String(64))
    p256dh: Mapped[str] = mapped_column(sa.String(100))
    auth: Mapped[str] = mapped_column(sa.String(30))
    keys: Mapped[str] = mapped_column(sa.String(16))
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[dt.datetime | None]

    customer: Mapped[Customer] = relationship(viewonly=True)

    @property
    def secrets(self) -> tuple[bytes, bytes]:
        return decode(self.p256dh, PUBLIC_KEY), decode(self.auth, AUTH)


class NoticeState(enum.StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    LATE = "late"
    """Nobody could be reached while it was of use."""
    DROPPED = "dropped"
    """A later one took its place, or the customer is archived."""


class PushNotice(TenantMixin, Base):
    """A notice for one browser, in the customer's language.

    topic: what it is about; a later one of the same topic takes the place of one that waits. once: made at most once
    for a browser, if it has such a key. status: the last HTTP status of the push service.
    """

    __tablename__ = "push_notices"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "subscription_id", "once"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        within_organization("subscription_id", "push_subscriptions", ondelete="CASCADE"),
        sa.Index("ix_push_notices_customer", "organization_id", "customer_id", "id"),
        sa.Index("ix_push_notices_created", "organization_id", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    subscription_id: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(100))
    body: Mapped[str] = mapped_column(sa.String(400))
    url: Mapped[str] = mapped_column(sa.String(500))
    language: Mapped[str] = mapped_column(sa.String(10))
    topic: Mapped[str] = mapped_column(sa.String(60))
    once: Mapped[str | None] = mapped_column(sa.String(100))
    urgency: Mapped[Urgency] = mapped_column(TextCode(Urgency, 10), default=Urgency.NORMAL)
    state: Mapped[NoticeState] = mapped_column(TextCode(NoticeState, 10), default=NoticeState.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]
    expires_at: Mapped[dt.datetime]
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[dt.datetime | None]

    subscription: Mapped[PushSubscription] = relationship(viewonly=True)
    customer: Mapped[Customer] = relationship(viewonly=True)

    @property
    def is_waiting(self) -> bool:
        return self.state is NoticeState.WAITING

    def end(self, state: NoticeState) -> bool:
        """Set its last state; False when it has one."""
        if not self.is_waiting:
            return False
        self.state = state
        return True

    def note_try(self, status: int | None) -> None:
        self.tries += 1
        self.status = status

    def note_sent(self, now: dt.datetime) -> None:
        self.state, self.sent_at = NoticeState.SENT, now
