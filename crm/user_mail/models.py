"""Letters to users, and the links in them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode
from crm.user_mail.rules import Kind, State, pause_after


class UserLetter(Base):
    """An e-mail of ours, to one address, in one language.

    organization_id: the organization that it is about, or in which the user works. sealed: the text, encrypted, for
    it may hold a link; "" once nothing is left to send. due_at: when the worker looks at it again, None at the end.
    reason: why it was not sent, in English. invitation_id: of the invitation whose link it holds.
    """

    __tablename__ = "user_letters"
    __table_args__ = (
        sa.Index(None, "due_at"),
        sa.Index(None, "user_id", "kind", "created_at"),
        sa.Index(None, "organization_id", "kind", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id", ondelete="CASCADE"))
    organization_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))
    kind: Mapped[Kind] = mapped_column(TextCode(Kind, 20))
    address: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str] = mapped_column(sa.String(200))
    sealed: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[State] = mapped_column(TextCode(State, 10), default=State.WAITING)
    tries: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    invitation_id: Mapped[int | None]
    due_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime]
    created_at: Mapped[CreatedAt]
    sent_at: Mapped[dt.datetime | None]

    def begin(self, until: dt.datetime) -> None:
        """Let one worker send it; `until` ends its time."""
        self.state, self.due_at = State.SENDING, until
        self.tries += 1

    def put_off(self, now: dt.datetime, reason: str) -> None:
        self.state, self.due_at, self.reason = State.WAITING, now + pause_after(self.tries), reason[:300]

    def end(self, state: State, reason: str = "") -> None:
        self.state, self.due_at, self.sealed, self.reason = state, None, "", reason[:300]

    def note_sent(self, now: dt.datetime) -> None:
        self.end(State.SENT)
        self.sent_at = now


class PasswordRequest(Base):
    """Somebody forgot their password; the worker deletes the row.

    sealed: what they typed, encrypted, for it may be a password in the wrong field.
    """

    __tablename__ = "password_requests"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[Id]
    sealed: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[CreatedAt]


class UserLink(Base):
    """What a link in a letter does, until it is used, replaced or over. The letter holds the token, the row its hash.

    `address` is the one that it confirms or, for a new password, was sent to.
    """

    __tablename__ = "user_links"
    __table_args__ = (sa.UniqueConstraint("user_id", "kind"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[Kind] = mapped_column(TextCode(Kind, 20))
    address: Mapped[str] = mapped_column(sa.String(254))
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[dt.datetime]
