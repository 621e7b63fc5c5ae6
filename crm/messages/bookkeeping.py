"""Writes that follow a change of messages, in its transaction: due work, and the customer's next message.

Every change locks due work, messages, customers, in this order (`crm.kernel.db.locked`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

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
from crm.values.language import gettext as _

KIND = "message"
SHOWN = frozenset(
    {
        "channel",
        "subject",
        "body",
        "send_at",
        "must_arrive",
        "status",
        "reason",
        "acknowledged_at",
        "acknowledged_by_id",
    }
)
"""Columns whose changes are recorded; the others are internal to the worker."""


def lock_message(message_id: int) -> tuple[Message, dt.datetime | None]:
    """Lock a message; return it and its time on the list of due work. ConflictError when it is gone."""
    messages, due_at = lock_messages([message_id])
    if not messages:
        raise gone()
    return messages[0], due_at.get(message_id)


def lock_messages(message_ids: Iterable[int]) -> tuple[Sequence[Message], dict[int, dt.datetime]]:
    """Lock messages; return them in the order of their ids, and the times of those on the list of due work."""
    ids = sorted(message_ids)
    due_at = due.lock(KIND, ids)
    messages = db.session.scalars(locked(sa.select(Message).where(one_of(Message.id, ids)).order_by(Message.id)))
    return messages.all(), due_at


def gone() -> ConflictError:
    return ConflictError(_("This message has been deleted in the meantime."))


def lock_customers(customer_ids: Iterable[int]) -> dict[int, Customer]:
    rows = db.session.scalars(
        locked(sa.select(Customer).where(one_of(Customer.id, set(customer_ids))).order_by(Customer.id))
    )
    return {row.id: row for row in rows}


def hold_customers(customer_ids: Iterable[int]) -> None:
    """Lock customers without reading them."""
    ids = sorted(set(customer_ids))
    db.session.execute(locked(sa.select(Customer.id).where(one_of(Customer.id, ids)).order_by(Customer.id)))


def look_at(moments: Mapping[int, dt.datetime | None]) -> None:
    """Set when the worker looks at each message; None takes it off the list."""
    due.plan(KIND, moments)


def hasten_held() -> None:
    """Make all held messages due now. Needs a transaction of its own: it locks many."""
    due.hasten(KIND, sa.select(Message.id).where(Message.status == Status.HELD))


def refresh_next(customer_ids: Iterable[int]) -> None:
    """Update `Customer.next_message_at` from what the transaction wrote."""
    ids = sorted(set(customer_ids))
    hold_customers(ids)
    renew_next(ids)


def renew_next(customer_ids: Iterable[int]) -> None:
    """Do so for customers that an earlier statement has locked.

    An UPDATE that waits for a row reads other rows as they were before.
    """
    db.session.execute(
        sa.update(Customer)
        .where(one_of(Customer.id, customer_ids))
        .values(next_message_at=_NEXT)
        .execution_options(synchronize_session=False)
    )


def tell(action: str, message: Message) -> None:
    """Record the event of a change, before its flush."""
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
