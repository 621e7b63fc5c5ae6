"""Links to what is a customer's own, the browsers that were let in by them, and what those asked for."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.customer_page.rules import CODE_LENGTH, Scope
from crm.customers.models import Customer
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin, current_actor, within_organization
from crm.values import clock

SCOPE = TextCode(Scope, 10)


class CustomerLink(TenantMixin, Base):
    """A link that opens a customer's card or page to who has it; the link holds the token, the row its hash.

    `expires_at` is None for a link that is good until it is revoked. `last_used_at` is when it was last opened, not
    looked at.
    """

    __tablename__ = "customer_links"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "token_hash"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_customer_links_customer", "organization_id", "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    scope: Mapped[Scope] = mapped_column(SCOPE)
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    last_used_at: Mapped[dt.datetime | None]

    customer: Mapped[Customer] = relationship(viewonly=True)
    created_by: Mapped[User | None] = relationship(viewonly=True, foreign_keys=created_by_id)

    @classmethod
    def is_open(cls) -> sa.ColumnElement[bool]:
        return sa.and_(cls.revoked_at.is_(None), sa.or_(cls.expires_at.is_(None), cls.expires_at > db_now()))

    def revoke(self) -> bool:
        """Return False for one that is revoked."""
        if self.revoked_at is not None:
            return False
        self.revoked_at, self.revoked_by_id = clock.utcnow(), current_actor()
        return True


class CustomerSession(TenantMixin, Base):
    """A browser that was let in by a link. The cookie holds the token, the row its hash."""

    __tablename__ = "customer_sessions"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "token_hash"),
        within_organization("link_id", "customer_links", ondelete="CASCADE"),
        sa.Index("ix_customer_sessions_link", "organization_id", "link_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    link_id: Mapped[int]
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[dt.datetime]


class CustomerCard(TenantMixin, Base):
    """The code in the QR of a customer's card: an id of its own, good for nothing but to be read by staff.

    Codes of a merged customer stay good; of several the newest is shown. A renewed one is replaced.
    """

    __tablename__ = "customer_cards"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "code"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_customer_cards_customer", "organization_id", "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH))
    created_at: Mapped[CreatedAt]
    replaced_at: Mapped[dt.datetime | None]


class CustomerCode(TenantMixin, Base):
    """A code of six digits that was sent to the customer's known phone; only a keyed hash of it is here."""

    __tablename__ = "customer_codes"
    __table_args__ = (
        within_organization("session_id", "customer_sessions", ondelete="CASCADE"),
        sa.Index("ix_customer_codes_session", "organization_id", "session_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    session_id: Mapped[int]
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class ErasureRequest(TenantMixin, Base):
    """A customer's wish to be erased: a reminder for staff, until it is done or dismissed."""

    __tablename__ = "erasure_requests"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_erasure_requests_customer", "organization_id", "customer_id"),
        sa.Index(
            "ix_erasure_requests_due",
            "organization_id",
            "due_at",
            "id",
            postgresql_where=sa.text("done_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    due_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    customer: Mapped[Customer] = relationship(viewonly=True)
