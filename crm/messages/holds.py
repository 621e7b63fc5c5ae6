"""What is pending for a customer waits while nobody has said whether a text of theirs means STOP."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.messages.bookkeeping import KIND, lock_customers, look_at, refresh_next, tell
from crm.messages.models import Message
from crm.messages.numbers import owners_of
from crm.messages.records import IS_ASKING, Answer, InboundMessage
from crm.messages.rules import ASKED, STOPPABLE, Status, holding_reason
from crm.values.phone import variants


def hold_pending(number: str, text: str) -> None:
    """Hold what is pending for the customers with a number; what is scheduled later is held when it is due."""
    with transaction():
        messages, customers = _locked(number)
        now = database_now()
        for message in messages:
            message.turn(Status.HELD, now, holding_reason(customers[message.customer_id].name, text))
            tell("message.held", message)
        look_at({message.id: max(message.send_at, now) for message in messages})
        refresh_next(customers)


def let_go(number: str, text_id: int) -> None:
    """Let go what waited for an answer to a text from a number, unless a later one asks, too."""
    with transaction():
        messages, customers = _locked(number)
        if db.session.scalar(sa.select(_asking(number).where(InboundMessage.id > text_id).exists())):
            return
        now = database_now()
        waited = [message for message in messages if message.state is Status.HELD and message.reason.endswith(ASKED)]
        for message in waited:
            message.turn(Status.SCHEDULED, now)
            tell("message.released", message)
        look_at({message.id: max(message.send_at, now) for message in waited})
        refresh_next(customers)


def answer_all(number: str, answer: Answer, up_to: int | None = None) -> None:
    """Give the same answer to every text from a number that may mean STOP, `up_to` an id; they stay unread."""
    asking = [one_of(InboundMessage.sender, variants(number)), IS_ASKING]
    seen = [] if up_to is None else [InboundMessage.id <= up_to]
    db.session.execute(sa.update(InboundMessage).where(*asking, *seen).values(answer=answer.value))


def _asking(number: str) -> sa.Select[int]:
    return sa.select(InboundMessage.id).where(one_of(InboundMessage.sender, variants(number)), IS_ASKING)


def pending_for(number: str) -> list[int]:
    """Return the ids of the messages that are not on their way yet to the customers with a number."""
    pending = sa.select(Message.id).where(one_of(Message.customer_id, owners_of(number)), Message.status.in_(STOPPABLE))
    # SQLite would go through all that waits.
    return sorted(db.session.scalars(pending.with_hint(Message, "INDEXED BY ix_messages_customer", "sqlite")))


def _locked(number: str) -> tuple[Sequence[Message], dict[int, Customer]]:
    """Lock what is pending, then its customers, in the order of locks."""
    ids = pending_for(number)
    due.lock(KIND, ids)
    statement = sa.select(Message).where(one_of(Message.id, ids), Message.status.in_(STOPPABLE)).order_by(Message.id)
    messages = db.session.scalars(locked(statement)).all()
    return messages, lock_customers(message.customer_id for message in messages)
