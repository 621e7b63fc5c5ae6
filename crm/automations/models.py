"""Automations, and what each gave to whom."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.automations.rules import Occasion
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin, current_actor, within_organization
from crm.message_templates.models import Template
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import CHANNEL
from crm.rewards.models import Reward
from crm.values import clock


class Automation(TenantMixin, Base):
    """What customers get on an occasion: points, a voucher, a message, or several of them.

    days: before a birthday or an end of points, after joining, of absence, or the number of the visit. tier: the one
    that is reached, None for any. ran_on: the last local day that it was done for; cursor: the last customer who was
    looked at on the day after that.
    """

    __tablename__ = "automations"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("reward_id", "rewards"),
        within_organization("template_id", "message_templates"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    occasion: Mapped[Occasion] = mapped_column(TextCode(Occasion, 10))
    days: Mapped[int] = mapped_column(default=0)
    tier: Mapped[Tier | None] = mapped_column(TextCode(Tier, 10))
    points: Mapped[int] = mapped_column(default=0)
    reward_id: Mapped[int | None]
    template_id: Mapped[int | None]
    channel: Mapped[Channel | None] = mapped_column(CHANNEL)
    ran_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    cursor: Mapped[int] = mapped_column(default=0)
    stopped_at: Mapped[dt.datetime | None]
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    reward: Mapped[Reward | None] = relationship(viewonly=True, foreign_keys="Automation.reward_id")
    template: Mapped[Template | None] = relationship(viewonly=True, foreign_keys="Automation.template_id")
    created_by: Mapped[User | None] = relationship(viewonly=True)

    @property
    def is_stopped(self) -> bool:
        return self.stopped_at is not None

    def stop(self) -> bool:
        """Return False for one that is stopped."""
        if self.is_stopped:
            return False
        self.stopped_at = clock.utcnow()
        return True

    def resume(self) -> bool:
        """Return False for one that goes on. What came up while it was stopped is not caught up with."""
        if not self.is_stopped:
            return False
        self.stopped_at, self.ran_on, self.cursor, self.created_by_id = None, None, 0, current_actor()
        return True


class AutomationGrant(TenantMixin, Base):
    """What an automation gave to a customer on an occasion, such as birthday:2026; once.

    key: auto:<automation>:<customer>:<occasion>, with the customer who they were then. day: the local day of it.
    problem: why there is no message, or no voucher, in English.
    """

    __tablename__ = "automation_grants"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "key"),
        within_organization("automation_id", "automations"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_automation_grants_customer", "organization_id", "customer_id", "automation_id", "day"),
        sa.Index("ix_automation_grants_automation", "organization_id", "automation_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    automation_id: Mapped[int]
    customer_id: Mapped[int]
    occasion: Mapped[str] = mapped_column(sa.String(60))
    key: Mapped[str] = mapped_column(sa.String(120))
    day: Mapped[dt.date] = mapped_column(sa.Date)
    points: Mapped[int] = mapped_column(default=0)
    voucher_id: Mapped[int | None]
    message_id: Mapped[int | None]
    problem: Mapped[str] = mapped_column(sa.String(300), default="")
    created_at: Mapped[CreatedAt]

    customer: Mapped[Customer] = relationship(viewonly=True)
