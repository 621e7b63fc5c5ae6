"""What customers and providers tell us: numbers that opted out, reports of what became of a call, inbound texts."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from crm.accounts.models import User
from crm.customers.keys import CustomerKey
from crm.customers.models import Customer
from crm.kernel.branch_scope import BOUND, seen_by_branch
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, constant
from crm.kernel.errors import ConflictError
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.messages.rules import Channel
from crm.people.matching import Kind
from crm.values import phone


class Source(enum.StrEnum):
    """Who put a number on the list of opt-outs."""

    STOP = "stop"
    PROVIDER = "provider"
    STAFF = "staff"


def _partial(name: str, condition: str, *columns: str) -> sa.Index:
    where = sa.text(condition)
    return sa.Index(name, "organization_id", *columns, sqlite_where=where, postgresql_where=where)


class Suppression(TenantMixin, Base):
    """A phone number (E.164) that gets no messages, whichever the channel and whoever has it; outlives its customers.

    `note` is the word that was written, the provider's sentence, or what staff noted.
    """

    __tablename__ = "suppressions"
    __table_args__ = (sa.UniqueConstraint("organization_id", "phone"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    phone: Mapped[str] = mapped_column(sa.String(60))
    source: Mapped[str] = mapped_column(sa.String(10))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    created_by: Mapped[User | None] = relationship(viewonly=True)

    @property
    def by(self) -> str:
        """Who or what put it there, to stand after "by"."""
        if self.source == Source.STOP:
            return self.note or "STOP"
        if self.source == Source.PROVIDER:
            return "the provider"
        return self.created_by.label if self.created_by else "staff"

    @property
    def reason(self) -> str:
        """Why a message to the number is not sent."""
        if self.source == Source.STOP:
            return f"The customer opted out by writing {self.by}."
        if self.source == Source.PROVIDER:
            return "The provider says that the customer opted out."
        return "The number is on the list of opt-outs."


class StopWord(TenantMixin, Base):
    """A word of the organization's own that opts a customer out, in the form that `words.normalized` gives."""

    __tablename__ = "stop_words"
    __table_args__ = (sa.UniqueConstraint("organization_id", "word"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    word: Mapped[str] = mapped_column(sa.String(40))


class AttemptPlace(Base):
    """The organization of an attempt, for a report comes with nothing but the attempt's id; outside the locks.

    `recipient_key` stands for the number written to, by which a text to a number that several organizations send from
    is given to the one that wrote last; a hash, for other organizations' rows are read with it.
    """

    __tablename__ = "attempt_places"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["organization_id", "attempt_id"], ["attempts.organization_id", "attempts.id"], ondelete="CASCADE"
        ),
        sa.Index(None, "recipient_key", "attempt_id"),
    )

    attempt_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))
    recipient_key: Mapped[str | None] = mapped_column(sa.String(32))


class Report(TenantMixin, Base):
    """One thing a provider said about an attempt, in its own word; stored once, then applied to the message.

    `said_at` is the provider's time where it gives one.
    """

    __tablename__ = "reports"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "attempt_id", "key"),
        within_organization("attempt_id", "attempts", ondelete="CASCADE"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    attempt_id: Mapped[int]
    key: Mapped[str] = mapped_column(sa.String(64))
    word: Mapped[str] = mapped_column(sa.String(40))
    provider_id: Mapped[str] = mapped_column(sa.String(100))
    error_code: Mapped[str | None] = mapped_column(sa.String(40))
    said_at: Mapped[dt.datetime | None]
    received_at: Mapped[CreatedAt]
    applied_at: Mapped[dt.datetime | None]


class Answer(enum.StrEnum):
    """What a text means that might mean STOP."""

    OPT_OUT = "opt_out"
    GO_ON = "go_on"


class InboundMessage(TenantMixin, Base):
    """A text that came in; it belongs to every customer with the `sender`'s number.

    `body` is what the customer wrote, `what` says in our words what else came. `twin` is the other spelling of a
    number that has two, `sender_id` WhatsApp's id of the user. `sent_at` is the provider's time where it gives one.
    `effect` is what the text did, of `words.Effect`; `answer` what staff chose where it may mean STOP. A text is unread
    until somebody is done with it.
    """

    __tablename__ = "inbound_messages"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "gateway", "provider_id"),
        sa.Index("ix_inbound_messages_sender", "organization_id", "sender", "sent_at"),
        sa.Index("ix_inbound_messages_time", "organization_id", "sent_at", "id"),
        _partial("ix_inbound_messages_unread", "done_at IS NULL", "sent_at", "id"),
        _partial("ix_inbound_messages_sender_id", "sender_id != ''", "sender_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    gateway: Mapped[str] = mapped_column(sa.String(20))
    provider_id: Mapped[str] = mapped_column(sa.String(100))
    channel: Mapped[str] = mapped_column(sa.String(10))
    sender: Mapped[str] = mapped_column(sa.String(60))
    twin: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    sender_id: Mapped[str] = mapped_column(sa.String(150), default="", server_default="")
    recipient: Mapped[str] = mapped_column(sa.String(60))
    body: Mapped[str] = mapped_column(sa.Text)
    what: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    effect: Mapped[str] = mapped_column(sa.String(10), default="")
    opens_window: Mapped[bool] = mapped_column(sa.Boolean, default=True, server_default=sa.true())
    sent_at: Mapped[dt.datetime]
    received_at: Mapped[CreatedAt]
    applied_at: Mapped[dt.datetime | None]
    answer: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    done_at: Mapped[dt.datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(BigInt)

    done_by: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin=lambda: foreign(InboundMessage.done_by_id) == User.id
    )

    @property
    def via(self) -> Channel:
        """How it came."""
        return Channel(self.channel)

    @property
    def is_asking(self) -> bool:
        """Whether it may mean STOP, and nobody has said yet what it means."""
        return self.effect == "ask" and not self.answer and self.has_number

    @property
    def has_number(self) -> bool:
        """Whether it came from a number that messages can be sent to."""
        return bool(self.sender) and phone.parse(self.sender, "ZZ").valid

    @property
    def is_done(self) -> bool:
        """Whether somebody has seen to it."""
        return self.done_at is not None

    def mark_done(self, user_id: int | None, now: dt.datetime) -> bool:
        """Let somebody say that they have seen to it; False when somebody has. ConflictError while it asks."""
        if self.is_asking:
            raise ConflictError("It may mean STOP. Choose Opt out or Go on.")
        if self.is_done:
            return False
        self.done_at, self.done_by_id = now, user_id
        return True

    def undo_done(self) -> bool:
        """Make it unread again; False when it is."""
        if not self.is_done:
            return False
        self.done_at, self.done_by_id = None, None
        return True

    def answer_with(self, answer: Answer, user_id: int | None, now: dt.datetime) -> None:
        """Let somebody say what it means, and that they have seen to it; what was answered first stays."""
        self.answer = self.answer or answer.value
        self.mark_done(user_id, now)


IS_ASKING = sa.and_(InboundMessage.effect == constant("ask"), InboundMessage.answer == constant(""))
"""The condition of the texts that may mean STOP, while nobody has said what they mean."""


class WhatsappId(TenantMixin, Base):
    """A name by which WhatsApp knows the person of a phone number of ours.

    `name` is the digits of a number that WhatsApp spells in another way, or its id of the user.
    """

    __tablename__ = "whatsapp_ids"
    __table_args__ = (sa.UniqueConstraint("organization_id", "name"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(150))
    phone: Mapped[str] = mapped_column(sa.String(60))


def _is_text_seen(row: Any) -> sa.ColumnElement[bool]:
    """Say that a text is from a customer of the user's branch, or from nobody that anybody knows.

    A number means those whose main one it is, else those who also have it (`numbers.owners_of`).
    """
    ours = Customer.__table__.c.branch_id == BOUND
    also = sa.or_(_has_further(row, ours), ~_has_further(row))
    return sa.or_(_has_main(row, ours), sa.and_(~_has_main(row), also))


def _has_main(row: Any, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    customer = Customer.__table__.c
    has_number = customer.phone.in_([row.sender, row.twin])
    return _exists(row, Customer.__table__, has_number, customer.phone_valid, *conditions)


def _has_further(row: Any, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    key = CustomerKey.__table__.c
    joined = CustomerKey.__table__.join(Customer.__table__, Customer.__table__.c.id == key.customer_id)
    has_number = sa.and_(key.organization_id == row.organization_id, key.value.in_([row.sender, row.twin]))
    return _exists(row, joined, has_number, key.kind == constant(Kind.PHONE.value), *conditions)


def _exists(row: Any, found: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    customer = Customer.__table__.c
    here = sa.and_(customer.organization_id == row.organization_id, customer.merged_into_id.is_(None))
    return sa.exists(1).select_from(found).where(here, *conditions).correlate_except(found)


seen_by_branch(InboundMessage, _is_text_seen)
