"""Badges, and who has them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from crm.badges.rules import Metric, Period, Picture, Reward, Rule, counts_places
from crm.customers.models import Customer
from crm.kernel.columns import Base, CreatedAt, Id, TextCode, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.rewards.models import Reward as RewardRow


class Badge(TenantMixin, Base):
    """Something that customers reach.

    target: how many, or for money spent an amount. period_days: of a rolling period. times: how often one customer
    can have it, None without a limit. points: what it gives. reward_id: the reward whose voucher it gives.
    since: the day on which its rule was made, from which periods count. version: counts changes of the rule; grants of
    an earlier one stay, whatever happens.
    """

    __tablename__ = "badges"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.CheckConstraint("target > 0", name="target"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(100))
    picture: Mapped[Picture] = mapped_column(TextCode(Picture, 20), default=Picture.STAR)
    metric: Mapped[Metric] = mapped_column(TextCode(Metric, 20))
    target: Mapped[int]
    period: Mapped[Period] = mapped_column(TextCode(Period, 10), default=Period.EVER)
    period_days: Mapped[int | None]
    times: Mapped[int | None]
    reward: Mapped[Reward] = mapped_column(TextCode(Reward, 10), default=Reward.NONE)
    points: Mapped[int | None]
    reward_id: Mapped[int | None]
    since: Mapped[dt.date] = mapped_column(sa.Date)
    version: Mapped[int] = mapped_column(default=1)
    archived_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    voucher_of: Mapped[RewardRow | None] = relationship(
        primaryjoin=lambda: sa.and_(
            foreign(Badge.reward_id) == RewardRow.id, Badge.organization_id == RewardRow.organization_id
        ),
        viewonly=True,
    )

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def rule(self) -> Rule:
        return Rule(self.metric, self.target, self.period, self.since, self.period_days or 0)

    @property
    def counts_places(self) -> bool:
        return counts_places(self.period)


class BadgeGrant(TenantMixin, Base):
    """A badge that a customer has, or had: `taken_at` is when it was taken because the target was missed after all.

    place: which of several it is, or the period, as 2026-11. key: `badge:<badge>:<customer>:<place>`, of the customer
    who got it first. given: what was given with it and is not back; `given_key` names the points in the ledger.
    """

    __tablename__ = "badge_grants"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "key"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        within_organization("badge_id", "badges"),
        sa.Index("ix_badge_grants_customer", "organization_id", "customer_id"),
        sa.Index("ix_badge_grants_badge", "organization_id", "badge_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    badge_id: Mapped[int]
    customer_id: Mapped[int]
    place: Mapped[str] = mapped_column(sa.String(10))
    key: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int]
    given: Mapped[Reward] = mapped_column(TextCode(Reward, 10), default=Reward.NONE)
    given_key: Mapped[str] = mapped_column(sa.String(60), default="")
    voucher_id: Mapped[int | None]
    granted_at: Mapped[dt.datetime]
    taken_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]

    badge: Mapped[Badge] = relationship(viewonly=True)
    customer: Mapped[Customer] = relationship(viewonly=True)

    @property
    def was_taken_back(self) -> bool:
        """Whether what was given with it is back."""
        return self.given is Reward.NONE and bool(self.given_key)

    @property
    def is_taken(self) -> bool:
        return self.taken_at is not None
