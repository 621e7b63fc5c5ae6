"""The ledger of points: entries, what they drew from which, and the organization's rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, joinedload, mapped_column, relationship

from crm.accounts.models import User
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.loyalty.expiry import Expiry, ExpiryPolicy
from crm.loyalty.multipliers import MultiplierKind, times_shown
from crm.loyalty.rules import Kind
from crm.loyalty.tiers import Policy, Window


def _where(name: str, *columns: str, condition: str) -> sa.Index:
    return sa.Index(name, *columns, postgresql_where=sa.text(condition), sqlite_where=sa.text(condition))


class PointsEntry(TenantMixin, Base):
    """One change of a customer's points, written once.

    asked: the wanted change. applied: the change made; a deduction stops at 0. balance: the points afterwards.
    key: unique in the organization, so that a repeated request adds nothing.
    reverses_id: the entry that this one reverses, at most once. of_id: the entry that this one follows: a clawback its
    earning, an expiry its lot, a return its redemption, a settlement its credit.
    An entry that adds points is a lot: they can be spent until `expires_on`, and `remaining` is what draws leave of it.
    counts: what it adds to the points that decide the tier, on the day `counts_on`, which is that of the entry
    it takes back. owed: what it adds to the points that the customer owes. rule: by what an amount earned it.
    Entries of a customer are ordered by id: each is written under the customer's lock.
    """

    __tablename__ = "points_entries"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "key"),
        sa.UniqueConstraint("organization_id", "reverses_id"),
        sa.CheckConstraint("balance >= 0", name="balance"),
        sa.CheckConstraint("applied = asked OR (asked < applied AND applied <= 0 AND balance = 0)", name="applied"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.CheckConstraint("remaining >= 0", name="remaining"),
        within_organization("reverses_id", "points_entries", ondelete="CASCADE"),
        sa.Index("ix_points_entries_customer", "organization_id", "customer_id", "id"),
        sa.Index("ix_points_entries_counts", "organization_id", "customer_id", "counts_on", "counts"),
        _where("ix_points_entries_of", "organization_id", "of_id", condition="of_id IS NOT NULL"),
        _where(
            "ix_points_entries_open", "organization_id", "customer_id", "expires_on", "id", condition="remaining > 0"
        ),
        _where(
            "ix_points_entries_ending",
            "organization_id",
            "expires_on",
            "customer_id",
            condition="remaining > 0 AND expires_on IS NOT NULL",
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    asked: Mapped[int]
    applied: Mapped[int]
    balance: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    source: Mapped[str] = mapped_column(sa.String(40), default="Manual")
    key: Mapped[str] = mapped_column(sa.String(120))
    reverses_id: Mapped[int | None]
    of_id: Mapped[int | None]
    kind: Mapped[Kind] = mapped_column(TextCode(Kind, 10), default=Kind.MANUAL, server_default=Kind.MANUAL)
    expires_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    counts: Mapped[int] = mapped_column(default=0, server_default="0")
    counts_on: Mapped[dt.date] = mapped_column(sa.Date, server_default="2000-01-01")
    owed: Mapped[int] = mapped_column(default=0, server_default="0")
    rule: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    remaining: Mapped[int] = mapped_column(default=0, server_default="0")
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    customer: Mapped[Customer] = relationship(viewonly=True)
    created_by: Mapped[User | None] = relationship(viewonly=True)

    @property
    def is_reversal(self) -> bool:
        return self.reverses_id is not None

    @property
    def may_be_reversed(self) -> bool:
        """Whether staff may take it back: what follows from something else goes with that alone."""
        return not self.is_reversal and self.of_id is None and self.kind not in (Kind.REDEEM, Kind.EXPIRE, Kind.SETTLE)

    @property
    def is_short(self) -> bool:
        return self.applied != self.asked


class PointsDraw(TenantMixin, Base):
    """What an entry took from a lot; what a return gave back to it is negative. Written with the entry."""

    __tablename__ = "points_draws"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "entry_id", "lot_id"),
        sa.CheckConstraint("points <> 0", name="points"),
        within_organization("entry_id", "points_entries", ondelete="CASCADE"),
        within_organization("lot_id", "points_entries", ondelete="CASCADE"),
        sa.Index("ix_points_draws_lot", "organization_id", "lot_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    entry_id: Mapped[int]
    lot_id: Mapped[int]
    points: Mapped[int]


class LoyaltySettings(TenantMixin, Base):
    """The rules of an organization; one without a row has the defaults.

    tier_policies: [day, window, days of grace] of each change. referral_minimum is an amount. notices: customers are
    told before points end; notices_given: how far that is (`notices.py`).
    """

    __tablename__ = "loyalty_settings"
    __table_args__ = (
        sa.UniqueConstraint("organization_id"),
        sa.UniqueConstraint("organization_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    expiry: Mapped[Expiry] = mapped_column(TextCode(Expiry, 10), default=Expiry.NONE)
    expiry_months: Mapped[int] = mapped_column(default=12)
    expiry_days: Mapped[int] = mapped_column(default=365)
    expiry_day: Mapped[str] = mapped_column(sa.String(5), default="12-31")
    return_grace_days: Mapped[int] = mapped_column(default=30)
    tier_window: Mapped[Window] = mapped_column(TextCode(Window, 10), default=Window.LIFETIME)
    tier_grace_days: Mapped[int] = mapped_column(default=30)
    tier_policies: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    check_in_hours: Mapped[int] = mapped_column(default=3)
    referrer_points: Mapped[int] = mapped_column(default=0)
    friend_points: Mapped[int] = mapped_column(default=0)
    referral_minimum: Mapped[int] = mapped_column(default=0)
    referral_hold_days: Mapped[int] = mapped_column(default=14)
    referral_weekly_limit: Mapped[int] = mapped_column(default=10)
    multipliers_add_up: Mapped[bool] = mapped_column(default=False)
    bonus_counts: Mapped[bool] = mapped_column(default=True)
    expired_vouchers_return: Mapped[bool] = mapped_column(default=False)
    notices: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    notices_given: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    @classmethod
    def defaults(cls) -> LoyaltySettings:
        """Return the rules of an organization that chose none."""
        made = cls()
        for column in cls.__table__.columns:
            if column.default is not None:
                default: Any = column.default
                setattr(made, column.key, default.arg if default.is_scalar else [])
        return made

    @property
    def expiry_policy(self) -> ExpiryPolicy:
        return ExpiryPolicy(self.expiry, self.expiry_months, self.expiry_days, self.expiry_day)

    @property
    def policies(self) -> list[Policy]:
        """The policies of tiers, by the days from which they are in force."""
        found = [Policy(dt.date.fromisoformat(day), Window(window), grace) for day, window, grace in self.tier_policies]
        return found or [Policy(dt.date.min)]


class PointsMultiplier(TenantMixin, Base):
    """When an amount earns more; `kind` says which other column decides. thousandths: 1500 is one and a half."""

    __tablename__ = "points_multipliers"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("branch_id", "branches", ondelete="CASCADE"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    kind: Mapped[MultiplierKind] = mapped_column(TextCode(MultiplierKind, 15))
    tier: Mapped[Tier | None] = mapped_column(TextCode(Tier, 10))
    weekday: Mapped[int | None]
    starts_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    ends_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    branch_id: Mapped[int | None]
    thousandths: Mapped[int]
    created_at: Mapped[CreatedAt]

    @property
    def times(self) -> str:
        return times_shown(self.thousandths)


Customer.loyalty_settings = relationship(
    LoyaltySettings,
    primaryjoin=foreign(Customer.organization_id) == LoyaltySettings.organization_id,
    uselist=False,
    viewonly=True,
)
WITH_SETTINGS = joinedload(Customer.loyalty_settings)  # type: ignore[attr-defined]
