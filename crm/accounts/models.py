"""Organizations, branches, users, memberships and sign-ins."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_login import UserMixin
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.rules import NEW_PORTFOLIO, Trade
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode, new_uid
from crm.kernel.roles import Role
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.values import clock
from crm.values.language import AUTO
from crm.values.stored import shown


class Organization(Base):
    """A tenant: one shop, restaurant or agency with its own customers and settings.

    An invoice earns `earn_points` for each whole `earn_per`, an amount; nothing while either is 0. `twilio_account`
    is a hash of the Account SID, "" for the installation's account. `secrets_stamp` is random and new with each change
    of the secrets, "" before the first. `uses` names the parts that the navigation shows beyond those of everybody,
    "none" for none; "" leaves it to the trade. `first_hour` holds words for what is done of the first steps.
    A customer gets `cap_day` offers in 24 hours at most, and `cap_month` in 30 days; with `soft_opt_in` those who
    bought count as having agreed to them until they say no. `whatsapp_limit` is how many people WhatsApp lets it write
    to first in 24 hours, 0 for any number. Since `warm_up_since` a new domain sends
    few offers by e-mail at first.
    `uid` survives a backup and its restore. While `sending_paused` nothing is sent; `restored_at` is the moment of the
    backup that it came from. It is being restored, and nobody sees it, until `restoring_until` is None. `resuming` is
    what happens to the messages that a restore held back, chosen at `resuming_from`, until all are dealt with.
    """

    __tablename__ = "organizations"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    time_zone: Mapped[str] = mapped_column(sa.String(60), default="UTC")
    currency: Mapped[str] = mapped_column(sa.String(3), default="USD")
    phone_region: Mapped[str] = mapped_column(sa.String(2), default="US")
    locale: Mapped[str] = mapped_column(sa.String(20), default="en")
    quiet_from: Mapped[dt.time | None] = mapped_column(sa.Time())
    quiet_until: Mapped[dt.time | None] = mapped_column(sa.Time())
    sms_gateway: Mapped[str] = mapped_column(sa.String(20), default="manual")
    whatsapp_gateway: Mapped[str] = mapped_column(sa.String(20), default="manual")
    email_gateway: Mapped[str] = mapped_column(sa.String(20), default="manual", server_default="manual")
    sms_from: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    whatsapp_from: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    email_from: Mapped[str] = mapped_column(sa.String(254), default="", server_default="")
    email_reply_to: Mapped[str] = mapped_column(sa.String(254), default="", server_default="")
    earn_points: Mapped[int] = mapped_column(default=0, server_default="0")
    earn_per: Mapped[int] = mapped_column(default=0, server_default="0")
    twilio_account: Mapped[str] = mapped_column(sa.String(64), default="", server_default="")
    cap_day: Mapped[int] = mapped_column(default=1, server_default="1")
    cap_month: Mapped[int] = mapped_column(default=4, server_default="4")
    soft_opt_in: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    whatsapp_limit: Mapped[int] = mapped_column(default=NEW_PORTFOLIO, server_default=str(NEW_PORTFOLIO))
    warm_up_since: Mapped[dt.date | None] = mapped_column(sa.Date())
    secrets_stamp: Mapped[str] = mapped_column(sa.String(32), default="", server_default="")
    branch_bound: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    language: Mapped[str] = mapped_column(sa.String(10), default=AUTO, server_default=AUTO)
    trade: Mapped[Trade] = mapped_column(TextCode(Trade, 12), default=Trade.TRAVEL, server_default=Trade.TRAVEL)
    uses: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    first_hour: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    uid: Mapped[str] = mapped_column(sa.String(32), default=new_uid, server_default="")
    sending_paused: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    restored_at: Mapped[dt.datetime | None]
    restoring_until: Mapped[dt.datetime | None]
    resuming: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    resuming_from: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]

    @property
    def warm_up(self) -> bool:
        return self.warm_up_since is not None

    @warm_up.setter
    def warm_up(self, value: bool) -> None:
        """Begin today, unless it began before; or end."""
        today = clock.to_local(clock.utcnow(), clock.zone(self.time_zone)).date()
        self.warm_up_since = (self.warm_up_since or today) if value else None

    @property
    def first_steps(self) -> set[str]:
        return set(self.first_hour.split())

    def take_first_step(self, word: str) -> None:
        self.first_hour = " ".join(sorted({*self.first_steps, word}))

    def undo_first_step(self, word: str) -> None:
        self.first_hour = " ".join(sorted(self.first_steps - {word}))


class Branch(TenantMixin, Base):
    __tablename__ = "branches"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "name"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[CreatedAt]


class User(UserMixin, Base):  # type: ignore[misc]  # flask_login has no types
    """A person who signs in.

    `email` is the address that they confirmed, in lower case, "" for none; several users may have the same one.
    """

    __tablename__ = "users"
    __table_args__ = (sa.Index(None, "email"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    username: Mapped[str] = mapped_column(sa.String(100), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(254), default="", server_default="")
    language: Mapped[str] = mapped_column(sa.String(10), default=AUTO, server_default=AUTO)
    single_keys: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    created_at: Mapped[CreatedAt]

    memberships: Mapped[list[Membership]] = relationship(back_populates="user")

    @property
    def label(self) -> str:
        return self.name or self.username


class Membership(Base):
    """`disabled_at` shuts the user out of this organization alone. `seen_at` is right to within an hour."""

    __tablename__ = "memberships"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "user_id"),
        within_organization("branch_id", "branches"),
        sa.Index(None, "user_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    organization_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("users.id", ondelete="CASCADE"))
    role_name: Mapped[str] = mapped_column("role", sa.String(10))
    branch_id: Mapped[int | None]
    disabled_at: Mapped[dt.datetime | None]
    seen_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]

    user: Mapped[User] = relationship(back_populates="memberships")
    organization: Mapped[Organization] = relationship()

    def __init__(self, **values: Any) -> None:
        role = values.pop("role", None)
        super().__init__(**values)
        if role is not None:
            self.role = role

    @property
    def role(self) -> Role:
        return Role.named(self.role_name)

    @role.setter
    def role(self, role: Role) -> None:
        self.role_name = role.label


class SignIn(Base):
    """A signed-in browser. The cookie holds the token, the row its hash; deleting the row signs out."""

    __tablename__ = "sign_ins"
    __table_args__ = (sa.Index(None, "user_id"), sa.Index(None, "expires_at"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("users.id", ondelete="CASCADE"))
    organization_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[dt.datetime]


class Invitation(TenantMixin, Base):
    """An offer to join the organization; the row is deleted once it is accepted or revoked.

    The link holds the token, the row its hash. `name` and `email` are the owner's note. `mail_note` says in English
    whether the link was sent by e-mail, "" where nobody asked for that.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        within_organization("branch_id", "branches"),
        sa.Index(None, "organization_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(254))
    role_name: Mapped[str] = mapped_column("role", sa.String(10))
    branch_id: Mapped[int | None]
    mail_note: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[dt.datetime]

    @property
    def role(self) -> Role:
        return Role.named(self.role_name)

    @property
    def label(self) -> str:
        return self.name or self.email

    @property
    def mail_shown(self) -> str:
        return shown(self.mail_note)


class TokenFamily(Base):
    """A client of the JSON API in one organization, with all its successive token pairs.

    The row holds the hash of the only valid refresh token; deleting the row ends every token of the family.
    """

    __tablename__ = "token_families"
    __table_args__ = (sa.Index(None, "user_id"), sa.Index(None, "expires_at"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("users.id", ondelete="CASCADE"))
    organization_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))
    refresh_hash: Mapped[str] = mapped_column(sa.String(64))
    refreshed_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[dt.datetime]


class SignInFailure(Base):
    """A failed or running attempt to sign in; the account is a hash, for people type passwords as names."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (
        sa.Index(None, "account", "at"),
        sa.Index(None, "address", "at"),
        sa.Index(None, "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    account: Mapped[str] = mapped_column(sa.String(64))
    address: Mapped[str] = mapped_column(sa.String(45))
    at: Mapped[CreatedAt]
