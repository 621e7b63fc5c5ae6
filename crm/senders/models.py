"""Test messages of senders."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, BigInt, CreatedAt, Id
from crm.messages.rules import Channel, Status


class SenderTest(Base):
    """A test message and what became of it; outside the locks, for a report comes with nothing but its id.

    `status` is one of `Status`; nothing here says whom it went to.
    """

    __tablename__ = "sender_tests"
    __table_args__ = (sa.Index(None, "organization_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    organization_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))
    channel: Mapped[str] = mapped_column(sa.String(10))
    gateway: Mapped[str] = mapped_column(sa.String(20))
    status: Mapped[str] = mapped_column(sa.String(12), default=Status.SUBMITTING.value)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    started_at: Mapped[CreatedAt]

    @property
    def via(self) -> Channel:
        """How it went."""
        return Channel(self.channel)

    @property
    def state(self) -> Status:
        """What became of it."""
        return Status(self.status)
