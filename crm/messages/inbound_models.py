"""Inbound texts."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from crm.accounts.models import User
from crm.kernel.branch_scope import seen_by_branch
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode, constant
from crm.kernel.errors import ConflictError
from crm.kernel.tenancy import TenantMixin
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import CHANNEL, all_kinds, channels_of
from crm.values.language import gettext as _
from crm.values.stored import shown


def _partial(name: str, condition: str, *columns: str) -> sa.Index:
    where = sa.text(condition)
    return sa.Index(name, "organization_id", *columns, sqlite_where=where, postgresql_where=where)


class Effect(enum.StrEnum):
    """The effect of an inbound text; `ask` leaves the decision to staff. The last two are about marketing alone."""

    NONE = ""
    STOP = "stop"
    START = "start"
    ASK = "ask"
    NO_OFFERS = "no_offers"
    OFFERS = "offers"


class StopAnswer(enum.StrEnum):
    """The decision of staff about a text that may mean STOP."""

    NONE = ""
    OPT_OUT = "opt_out"
    GO_ON = "go_on"


class InboundMessage(TenantMixin, Base):
    """An inbound text, of every customer with the `sender` address.

    body: the customer's words. what: our description of other content. twin: the other spelling of the sender.
    sender_id: the provider's id of the user. sent_at: the provider's time, if given. A text is unread until done.
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
    channel: Mapped[Channel] = mapped_column(CHANNEL)
    sender: Mapped[str] = mapped_column(sa.String(254))
    twin: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    sender_id: Mapped[str] = mapped_column(sa.String(150), default="", server_default="")
    recipient: Mapped[str] = mapped_column(sa.String(60))
    body: Mapped[str] = mapped_column(sa.Text)
    what: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    effect: Mapped[Effect] = mapped_column(TextCode(Effect, 10), default=Effect.NONE)
    opens_window: Mapped[bool] = mapped_column(sa.Boolean, default=True, server_default=sa.true())
    sent_at: Mapped[dt.datetime]
    received_at: Mapped[CreatedAt]
    applied_at: Mapped[dt.datetime | None]
    answer: Mapped[StopAnswer] = mapped_column(TextCode(StopAnswer, 10), default=StopAnswer.NONE, server_default="")
    done_at: Mapped[dt.datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(BigInt)

    done_by: Mapped[User | None] = relationship(
        viewonly=True, primaryjoin=lambda: foreign(InboundMessage.done_by_id) == User.id
    )

    @property
    def is_asking(self) -> bool:
        """Whether it may mean STOP and is undecided."""
        return self.effect == Effect.ASK and not self.answer and self.has_address

    @property
    def has_address(self) -> bool:
        return bool(self.sender) and self.channel.addresses.is_valid(self.sender)

    @property
    def shown_what(self) -> str:
        return shown(self.what)

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    def mark_done(self, user_id: int | None, now: dt.datetime) -> bool:
        """Mark as done; False when it is. ConflictError while it is undecided."""
        if self.is_asking:
            raise ConflictError(_("It may mean STOP. Choose Opt out or Go on."))
        if self.is_done:
            return False
        self.done_at, self.done_by_id = now, user_id
        return True

    def undo_done(self) -> bool:
        """Mark as unread; False when it is."""
        if not self.is_done:
            return False
        self.done_at, self.done_by_id = None, None
        return True

    def answer_with(self, answer: StopAnswer, user_id: int | None, now: dt.datetime) -> None:
        """Store the decision, which also marks it as done; the first decision stays."""
        self.answer = self.answer or answer
        self.mark_done(user_id, now)


IS_ASKING = sa.and_(InboundMessage.effect == constant("ask"), InboundMessage.answer == constant(""))
"""Matches undecided texts."""


class SenderId(TenantMixin, Base):
    """A provider's name for the person of an address.

    `name` is a user id, or the digits of a number that WhatsApp spells in another way.
    """

    __tablename__ = "whatsapp_ids"
    __table_args__ = (sa.UniqueConstraint("organization_id", "name"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(150))
    address: Mapped[str] = mapped_column("phone", sa.String(60))


def _is_text_seen(row: Any) -> sa.ColumnElement[bool]:
    kinds = all_kinds()
    if len(kinds) == 1:
        return kinds[0].is_seen(row)
    return sa.or_(*(sa.and_(row.channel.in_(channels_of(kind)), kind.is_seen(row)) for kind in kinds))


seen_by_branch(InboundMessage, _is_text_seen)
