"""What is done with many messages of the list of reminders, each list in one transaction.

All rows are locked first, in the order of locks: due work, messages, customers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import one_of
from crm.kernel.db import locked, transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.reminders import Changes, stamp
from crm.kernel.work import due
from crm.messages import services
from crm.messages.bookkeeping import KIND, lock_customers
from crm.messages.models import Message
from crm.values.language import gettext as _


def done(ids: Sequence[int]) -> Changes:
    """Mark as done, but for what is being sent."""
    undo: dict[int, str | None] = {}
    refused: list[str] = []
    with transaction():
        messages = _lock(ids)
        for message in messages:
            if message.is_acknowledged:
                continue
            try:
                undo[message.id] = stamp(services.mark_done(message.id).acknowledged_at)
            except SentenceError as error:
                refused.append(str(error))
        return Changes(undo, len(messages) - len(undo) - len(refused), refused)


def undo_done(undo: Mapping[int, object]) -> int:
    """Undo `done` where nothing happened since; return the number."""
    with transaction():
        messages = [row for row in _lock(undo) if row.is_acknowledged and stamp(row.acknowledged_at) == undo[row.id]]
        for message in messages:
            services.undo_done(message.id)
        return len(messages)


def move(ids: Sequence[int], to: dt.datetime) -> Changes:
    """Move what waits to another time."""
    undo: dict[int, dict[str, Any]] = {}
    refused: list[str] = []
    with transaction() as session:
        messages = _lock(ids)
        for message in messages:
            try:
                _ensure_waiting(message)
                with session.begin_nested():
                    before = services.move_message(message.id, to)
            except SentenceError as error:
                refused.append(str(error))
            else:
                undo |= {message.id: before} if before else {}
        last = _last_events([message for message in messages if message.id in undo])
        undo = {id_: {**before, "event": last[id_]} for id_, before in undo.items()}
        return Changes(undo, len(messages) - len(undo) - len(refused), refused)


def undo_move(undo: Mapping[int, dict[str, Any]]) -> int:
    """Move back what nothing happened to since `move`; return the number."""
    with transaction():
        messages = _lock(undo)
        last = _last_events(messages)
        same = [message.id for message in messages if last.get(message.id) == undo[message.id].get("event")]
        return sum(services.undo_move(id_, undo[id_]) for id_ in same)


def _last_events(messages: Sequence[Message]) -> dict[int, int]:
    """Return the id of each message's last event: every change of it is one."""
    customers, ids = ({getattr(row, name) for row in messages} for name in ("customer_id", "id"))
    of_them = sa.and_(
        one_of(Event.customer_id, sorted(customers)),
        Event.subject == Message.__tablename__,
        one_of(Event.subject_id, sorted(ids)),
    )
    last = sa.select(Event.subject_id, sa.func.max(Event.id)).where(of_them).group_by(Event.subject_id)
    return dict(db.session.execute(last).tuples().all())


def _ensure_waiting(message: Message) -> None:
    if message.is_resendable:
        raise ConflictError(_("A message that was not sent can't be moved. Send it again or mark it as done."))


def _lock(ids: Iterable[int]) -> Sequence[Message]:
    ids = sorted(ids)
    due.lock(KIND, ids)
    messages = db.session.scalars(locked(sa.select(Message).where(one_of(Message.id, ids)).order_by(Message.id))).all()
    lock_customers(message.customer_id for message in messages)
    return messages
