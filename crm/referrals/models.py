"""Referrals: who brought whom, and what they were given for it."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.customers.models import Customer
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.referrals.rules import Reason, State, codes_of


class Referral(TenantMixin, Base):
    """A friend who came with a customer's code; a friend has one.

    reasons: codes of why it is reviewed or ended. is_approved: staff looked at the reasons. is_known: the friend was
    merged with somebody who had been a customer before. invoice_id: the purchase that counts, once there is one.
    Grants are counted, for points that were taken back may be given again: friend_grant and referrer_grant are the
    numbers of those in force, 0 for none. referrer_points are promised when it qualifies.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "friend_id"),
        within_organization("referrer_id", "customers", ondelete="CASCADE"),
        within_organization("friend_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_referrals_referrer", "organization_id", "referrer_id", "joined_at"),
        sa.Index("ix_referrals_state", "organization_id", "state", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    referrer_id: Mapped[int]
    friend_id: Mapped[int]
    state: Mapped[State] = mapped_column(TextCode(State, 10), default=State.JOINED)
    reasons: Mapped[str] = mapped_column(sa.String(100), default="")
    is_approved: Mapped[bool] = mapped_column(default=False)
    is_known: Mapped[bool] = mapped_column(default=False)
    invoice_id: Mapped[int | None]
    grants: Mapped[int] = mapped_column(default=0)
    friend_grant: Mapped[int] = mapped_column(default=0)
    referrer_grant: Mapped[int] = mapped_column(default=0)
    friend_points: Mapped[int] = mapped_column(default=0)
    referrer_points: Mapped[int] = mapped_column(default=0)
    joined_at: Mapped[dt.datetime]
    qualified_at: Mapped[dt.datetime | None]
    held_until: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    referrer: Mapped[Customer | None] = relationship(viewonly=True, foreign_keys="Referral.referrer_id")
    friend: Mapped[Customer | None] = relationship(viewonly=True, foreign_keys="Referral.friend_id")
    decided_by: Mapped[User | None] = relationship(viewonly=True)

    @property
    def why(self) -> list[Reason]:
        return codes_of(self.reasons)

    @property
    def may_be_approved(self) -> bool:
        return self.state is State.REVIEW or (self.state is State.REFUSED and Reason.STAFF in self.why)

    @property
    def may_be_refused(self) -> bool:
        return self.state in (State.REVIEW, State.JOINED, State.QUALIFIED)
