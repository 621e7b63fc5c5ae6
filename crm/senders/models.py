"""Test messages of senders."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import CHANNEL
from crm.messages.rules import Status
from crm.values.stored import shown


class SenderTest(Base):
    """A test message, without its recipient. Without row-level security: a report carries only its id."""

    __tablename__ = "sender_tests"
    __table_args__ = (sa.Index(None, "organization_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    organization_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))
    channel: Mapped[Channel] = mapped_column(CHANNEL)
    gateway: Mapped[str] = mapped_column(sa.String(20))
    status: Mapped[Status] = mapped_column(TextCode(Status, 12), default=Status.SUBMITTING)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    started_at: Mapped[CreatedAt]

    @property
    def shown_reason(self) -> str:
        return shown(self.reason)
