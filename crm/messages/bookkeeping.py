"""What follows from a change of messages, kept in the same transaction: the list of due work, the customer's next one.

Every change of messages takes locks in the order due work, messages, customers (`crm.kernel.db.locked`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.db import locked
from crm.kernel.errors import ConflictError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.messages.models import Message
from crm.messages.rules import OPEN, Status

KIND = "message"
SHOWN = frozenset(
    {"channel", "body", "send_at", "must_arrive", "status", "reason", "acknowledged_at", "acknowledged_by_id"}
)
"""What an event of a message tells; the rest is the worker's own."""


def lock_message(message_id: int) -> tuple[Message, dt.datetime | None]:
    """Return a message, locked, and when the worker means to look at it; ConflictError when it is gone."""
    due_at = due.lock(KIND, [message_id]).get(message_id)
    message = db.session.scalars(locked(sa.select(Message).where(Message.id == message_id))).one_or_none()
    if message is None:
        raise ConflictError("This message has been deleted in the meantime.")
    return message, due_at


def lock_customers(customer_ids: Iterable[int]) -> dict[int, Customer]:
    """Return customers by id, locked."""
    rows = db.session.scalars(
        locked(sa.select(Customer).where(one_of(Customer.id, set(customer_ids))).order_by(Customer.id))
    )
    return {row.id: row for row in rows}


def hold_customers(customer_ids: Iterable[int]) -> None:
    """Lock customers that nothing else is needed of."""
    ids = sorted(set(customer_ids))
    db.session.execute(locked(sa.select(Customer.id).where(one_of(Customer.id, ids)).order_by(Customer.id)))


def look_at(moments: Mapping[int, dt.datetime | None]) -> None:
    """Have the worker look at each message at its moment; None when nothing is left to do for it."""
    due.plan(KIND, moments)


def hasten_held() -> None:
    """Have the worker look now at the messages that are held; alone in its transaction, for it locks many."""
    due.hasten(KIND, sa.select(Message.id).where(Message.status == Status.HELD))


def refresh_next(customer_ids: Iterable[int]) -> None:
    """Bring `Customer.next_message_at` up to date with what the transaction wrote."""
    ids = sorted(set(customer_ids))
    hold_customers(ids)
    renew_next(ids)


def renew_next(customer_ids: Iterable[int]) -> None:
    """Do what `refresh_next` does for customers that a statement before has locked.

    An update that has to wait for a row sees other rows as they were before it waited.
    """
    db.session.execute(
        sa.update(Customer)
        .where(one_of(Customer.id, customer_ids))
        .values(next_message_at=_NEXT)
        .execution_options(synchronize_session=False)
    )


def tell(action: str, message: Message) -> None:
    """Record the event of a changed message, before the change is flushed."""
    changes = {field: values for field, values in changes_of(message).items() if field in SHOWN}
    record(action, message, customer_id=message.customer_id, changes=changes)


_NEXT = (
    sa.select(sa.func.min(Message.send_at))
    .where(
        Message.organization_id == Customer.organization_id,
        Message.customer_id == Customer.id,
        Message.status.in_(OPEN),
        Message.acknowledged_at.is_(None),
    )
    .scalar_subquery()
)
