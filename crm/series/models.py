"""Series: the rule, the text, and the message of each occurrence."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, joinedload, mapped_column, relationship

from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.message_templates.rules import Wording
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import CHANNEL
from crm.series.rules import Frequency, Rule


class Series(TenantMixin, Base):
    """A message to one customer that repeats by a rule until stopped.

    The time of day follows the organization's clocks. `wording` is the text, with a template's fields filled in for
    each occurrence. A series never changes: "this and all after it" ends it and starts another.
    """

    __tablename__ = "message_series"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_message_series_customer", "organization_id", "customer_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    channel: Mapped[Channel] = mapped_column(CHANNEL)
    wording: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    purpose: Mapped[MessagePurpose] = mapped_column(
        TextCode(MessagePurpose, 10), default=MessagePurpose.SERVICE, server_default=MessagePurpose.SERVICE
    )
    must_arrive: Mapped[bool] = mapped_column(sa.Boolean, default=False)
    frequency: Mapped[Frequency] = mapped_column(TextCode(Frequency, 10))
    every: Mapped[int] = mapped_column(sa.Integer)
    starts_on: Mapped[dt.date] = mapped_column(sa.Date)
    at: Mapped[dt.time] = mapped_column(sa.Time)
    until: Mapped[dt.date | None] = mapped_column(sa.Date)
    stopped_at: Mapped[dt.datetime | None]
    replaced_by_id: Mapped[int | None]
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    @property
    def rule(self) -> Rule:
        return Rule(self.frequency, self.every, self.starts_on, self.at, self.until)

    @property
    def words(self) -> Wording:
        return Wording.from_json(self.wording)


class Occurrence(TenantMixin, Base):
    """The message of a series on a date; each date once."""

    __tablename__ = "message_occurrences"
    __table_args__ = (
        within_organization("series_id", "message_series", ondelete="CASCADE"),
        within_organization("message_id", "messages", ondelete="CASCADE"),
        sa.UniqueConstraint("organization_id", "series_id", "date"),
        sa.UniqueConstraint("organization_id", "message_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    series_id: Mapped[int]
    message_id: Mapped[int]
    date: Mapped[dt.date] = mapped_column(sa.Date)


Customer.active_series = relationship(
    Series,
    primaryjoin=sa.and_(
        foreign(Series.organization_id) == Customer.organization_id,
        foreign(Series.customer_id) == Customer.id,
        Series.stopped_at.is_(None),
    ),
    order_by=Series.id,
    viewonly=True,
)
WITH_SERIES = joinedload(Customer.active_series)  # type: ignore[attr-defined]
