"""What is done with many messages of the list of reminders, each list in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import one_of
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.reminders import Changes, stamp
from crm.messages import bulk
from crm.messages.bookkeeping import lock_messages
from crm.messages.models import Message


def done(ids: Sequence[int]) -> Changes:
    """Mark as done, but for what is being sent."""
    outcome = bulk.mark_done(ids)
    return _changes(outcome, {message.id: stamp(message.acknowledged_at) for message in outcome.changed})


def undo_done(undo: Mapping[int, object]) -> int:
    """Undo `done` where nothing happened since; return the number."""
    with transaction():
        messages, _due_at = lock_messages(undo)
        same = [row.id for row in messages if row.is_acknowledged and stamp(row.acknowledged_at) == undo[row.id]]
        return len(bulk.undo_done(same).changed)


def move(ids: Sequence[int], to: dt.datetime) -> Changes:
    """Move what waits to another time."""
    with transaction():
        outcome, places = bulk.move(ids, to)
        last = _last_events(outcome.changed)
        return _changes(outcome, {id_: {**place, "event": last[id_]} for id_, place in places.items()})


def undo_move(undo: Mapping[int, dict[str, Any]]) -> int:
    """Move back what nothing happened to since `move`; return the number."""
    with transaction():
        messages, _due_at = lock_messages(undo)
        last = _last_events(messages)
        same = {row.id: undo[row.id] for row in messages if last.get(row.id) == undo[row.id].get("event")}
        return len(bulk.undo_move(same).changed)


def _last_events(messages: Sequence[Message]) -> dict[int, int]:
    """Return the id of each message's last event: every change of it is one."""
    customers, ids = ({getattr(row, name) for row in messages} for name in ("customer_id", "id"))
    of_them = sa.and_(
        one_of(Event.customer_id, sorted(customers)),
        Event.subject == Message.__tablename__,
        one_of(Event.subject_id, sorted(ids)),
    )
    last = sa.select(Event.subject_id, sa.func.max(Event.id)).where(of_them).group_by(Event.subject_id)
    return {row[0]: row[1] for row in db.session.execute(last)}


def _changes(outcome: bulk.Outcome, undo: dict[int, Any]) -> Changes:
    refused = [str(error) for error in outcome.refused.values()]
    return Changes(undo, len(outcome.found) - len(undo) - len(refused), refused)
