"""Holding messages to customers whose text may mean STOP, until staff decide."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.messages.bookkeeping import KIND, lock_customers, look_at, refresh_next, tell
from crm.messages.channels.base import Addresses
from crm.messages.channels.registry import channels_of
from crm.messages.inbound_models import IS_ASKING, InboundMessage, StopAnswer
from crm.messages.models import Message
from crm.messages.rules import ASKED, STOPPABLE, Status, holding_reason


def hold_pending(address: str, addresses: Addresses, text: str) -> None:
    """Hold pending messages to the address; later ones are held when due."""
    with transaction():
        messages, customers = _locked(address, addresses)
        now = database_now()
        for message in messages:
            message.turn(Status.HELD, now, holding_reason(customers[message.customer_id].name, text))
            tell("message.held", message)
        look_at({message.id: max(message.send_at, now) for message in messages})
        refresh_next(customers)


def let_go(address: str, addresses: Addresses, text_id: int) -> None:
    """Release messages, unless a later text is undecided too."""
    with transaction():
        messages, customers = _locked(address, addresses)
        if db.session.scalar(sa.select(_asking(address, addresses).where(InboundMessage.id > text_id).exists())):
            return
        now = database_now()
        waited = [message for message in messages if message.status is Status.HELD and message.reason.endswith(ASKED)]
        for message in waited:
            message.turn(Status.SCHEDULED, now)
            tell("message.released", message)
        look_at({message.id: max(message.send_at, now) for message in waited})
        refresh_next(customers)


def answer_all(address: str, addresses: Addresses, answer: StopAnswer, up_to: int | None = None) -> None:
    """Answer every undecided text from an address, up to the id `up_to`; they stay unread."""
    asking = [*_written_by(address, addresses), IS_ASKING]
    seen = [] if up_to is None else [InboundMessage.id <= up_to]
    db.session.execute(sa.update(InboundMessage).where(*asking, *seen).values(answer=answer))


def _asking(address: str, addresses: Addresses) -> sa.Select[int]:
    return sa.select(InboundMessage.id).where(*_written_by(address, addresses), IS_ASKING)


def _written_by(address: str, addresses: Addresses) -> tuple[sa.ColumnElement[bool], ...]:
    is_sender = one_of(InboundMessage.sender, addresses.spellings(address))
    return is_sender, InboundMessage.channel.in_(channels_of(addresses))


def pending_for(address: str, addresses: Addresses) -> list[int]:
    """Return messages to the address that are not on their way."""
    pending = sa.select(Message.id).where(
        one_of(Message.customer_id, addresses.owners(address)),
        Message.status.in_(STOPPABLE),
        Message.channel.in_(channels_of(addresses)),
    )
    # SQLite would go through all that waits.
    return sorted(db.session.scalars(pending.with_hint(Message, "INDEXED BY ix_messages_customer", "sqlite")))


def _locked(address: str, addresses: Addresses) -> tuple[Sequence[Message], dict[int, Customer]]:
    """Lock pending messages, then their customers."""
    ids = pending_for(address, addresses)
    due.lock(KIND, ids)
    statement = sa.select(Message).where(one_of(Message.id, ids), Message.status.in_(STOPPABLE)).order_by(Message.id)
    messages = db.session.scalars(locked(statement)).all()
    return messages, lock_customers(message.customer_id for message in messages)
