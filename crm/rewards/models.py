"""Rewards and vouchers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, Json, TextCode, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.rewards.codes import grouped
from crm.rewards.rules import Period, RewardKind, VoucherState, worth_of

_MAY_EXPIRE = sa.text("state = 'issued' AND expires_on IS NOT NULL")


class Reward(TenantMixin, Base):
    """Something that points buy.

    kind, value, details: what it is: an amount of the currency, a percentage, or words. maximum: the largest amount
    that a percentage takes off. minimum_spend: the smallest purchase that a voucher is good for.
    cost: in points. by_points: whoever redeems says how many points, at least `cost`; each `cost` is worth `value`.
    stock: how many there are in all, None without a limit; `taken` of them are gone, canceled vouchers aside.
    per_customer: how many times a customer may have it in `per_period`. branches: ids of those where it is offered,
    all if empty. voucher_days: for how many days after its own a voucher is good, None for ever.
    """

    __tablename__ = "rewards"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.CheckConstraint("cost > 0", name="cost"),
        sa.CheckConstraint("taken >= 0", name="taken"),
        sa.Index("ix_rewards_offered", "organization_id", "archived_at", "cost", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[RewardKind] = mapped_column(TextCode(RewardKind, 12))
    value: Mapped[int | None]
    details: Mapped[str] = mapped_column(sa.String(300), default="")
    maximum: Mapped[int | None]
    minimum_spend: Mapped[int | None]
    cost: Mapped[int]
    by_points: Mapped[bool] = mapped_column(default=False)
    stock: Mapped[int | None]
    taken: Mapped[int] = mapped_column(default=0)
    per_customer: Mapped[int | None]
    per_period: Mapped[Period] = mapped_column(TextCode(Period, 8), default=Period.EVER)
    minimum_tier: Mapped[Tier | None] = mapped_column(TextCode(Tier, 10))
    branches: Mapped[list[Any]] = mapped_column(Json, default=list)
    starts_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    ends_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    voucher_days: Mapped[int | None]
    archived_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def left(self) -> int | None:
        return None if self.stock is None else max(0, self.stock - self.taken)

    def worth(self, points: int) -> int | None:
        """Return the value of a voucher for so many points."""
        return worth_of(self.value or 0, points, self.cost) if self.by_points else self.value

    def expires_on(self, today: dt.date) -> dt.date | None:
        return None if self.voucher_days is None else today + dt.timedelta(days=self.voucher_days)


class Voucher(TenantMixin, Base):
    """What a customer has of a reward; it keeps what the reward was when it was issued.

    code: unique in the organization. points: what it cost, 0 where it was given. entry_id: the entry of the ledger
    that took the points. key: names what it was given for, so that it is given once. expires_on: the last day on which
    it can be used; `state` becomes expired a while later, so ask `state_on`. ended_at: when it was canceled or expired.
    branch_id: where it was used, a branch that may be deleted since. invoice_id: the purchase that it was used for.
    """

    __tablename__ = "vouchers"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "code"),
        sa.UniqueConstraint("organization_id", "key"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        within_organization("reward_id", "rewards"),
        within_organization("entry_id", "points_entries"),
        within_organization("invoice_id", "invoices"),
        sa.Index("ix_vouchers_customer", "organization_id", "customer_id", "id"),
        sa.Index("ix_vouchers_reward", "organization_id", "reward_id"),
        sa.Index("ix_vouchers_entry", "organization_id", "entry_id"),
        sa.Index("ix_vouchers_invoice", "organization_id", "invoice_id"),
        sa.Index("ix_vouchers_state", "organization_id", "state", "id"),
        sa.Index(
            "ix_vouchers_expiry",
            "organization_id",
            "expires_on",
            postgresql_where=_MAY_EXPIRE,
            sqlite_where=_MAY_EXPIRE,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    reward_id: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(10))
    name: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[RewardKind] = mapped_column(TextCode(RewardKind, 12))
    value: Mapped[int | None]
    details: Mapped[str] = mapped_column(sa.String(300), default="")
    maximum: Mapped[int | None]
    minimum_spend: Mapped[int | None]
    points: Mapped[int] = mapped_column(default=0)
    entry_id: Mapped[int | None]
    key: Mapped[str | None] = mapped_column(sa.String(120))
    state: Mapped[VoucherState] = mapped_column(TextCode(VoucherState, 10), default=VoucherState.ISSUED)
    source: Mapped[str] = mapped_column(sa.String(40), default="Manual")
    issued_at: Mapped[dt.datetime]
    issued_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    expires_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    used_at: Mapped[dt.datetime | None]
    used_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    branch_id: Mapped[int | None]
    invoice_id: Mapped[int | None]
    ended_at: Mapped[dt.datetime | None]

    customer: Mapped[Customer] = relationship(viewonly=True)
    reward: Mapped[Reward] = relationship(viewonly=True)
    used_by: Mapped[User | None] = relationship(viewonly=True, foreign_keys=used_by_id)
    issued_by: Mapped[User | None] = relationship(viewonly=True, foreign_keys=issued_by_id)

    @property
    def by_points(self) -> bool:
        """Say no: its value is that of all its points."""
        return False

    @property
    def shown_code(self) -> str:
        return grouped(self.code)

    def state_on(self, today: dt.date) -> VoucherState:
        """Return the state, expired from the day after the last one."""
        is_over = self.state is VoucherState.ISSUED and self.expires_on is not None and self.expires_on < today
        return VoucherState.EXPIRED if is_over else self.state
