"""What becomes of messages when customers are merged, and when they are taken apart again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.signals import Joining, customers_joined, customers_locking, customers_parted
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.messages.bookkeeping import KIND, look_at, refresh_next, tell
from crm.messages.models import Message
from crm.messages.rules import WAITING, Status
from crm.series.models import Series
from crm.series.services import KIND as SERIES

NOTES = "messages"
EVERYWHERE = {"all_branches": True}


@customers_locking.connect
def lock_messages(customer_ids: Sequence[int]) -> Callable[[], bool]:
    """Lock what comes again and all messages of customers, each after its place on the list of due work."""
    series, messages = found = _of(customer_ids)
    due.lock(SERIES, series)
    db.session.execute(locked(sa.select(Series.id).where(one_of(Series.id, series)).order_by(Series.id)))
    due.lock(KIND, messages)
    db.session.execute(locked(sa.select(Message.id).where(one_of(Message.id, messages)).order_by(Message.id)))
    return lambda: _of(customer_ids) == found


@customers_joined.connect
def drop_repeated(joining: Joining) -> None:
    """Cancel what was scheduled for both: the same text, channel and time; what comes again by one rule comes once."""
    now = database_now()
    joining.notes[SERIES] = _stop_repeated(joining, now)
    repeated = list(_repeated(joining))
    looks = due.lock(KIND, [message.id for message in repeated])
    joining.notes[NOTES] = [_note(message, looks.get(message.id), now) for message in repeated]
    for message in repeated:
        message.turn(Status.CANCELED, now, f"It was scheduled for {joining.kept.name} twice.")
        tell("message.canceled", message)
    look_at({message.id: None for message in repeated})
    refresh_next([joining.kept.id, joining.gone.id])


@customers_parted.connect
def schedule_again(joining: Joining) -> None:
    """Bring back what was canceled because it was scheduled for both, unless its time has passed."""
    now = database_now()
    _go_on(joining.notes[SERIES])
    for note in joining.notes[NOTES]:
        message = db.session.get(Message, note["id"], populate_existing=True)
        if message is None or message.status is not Status.CANCELED or message.send_at <= now:
            continue
        if message.status_at == dt.datetime.fromisoformat(note["canceled_at"]):
            message.turn(Status(note["status"]), dt.datetime.fromisoformat(note["status_at"]), note["reason"])
            tell("message.edited", message)
            look_at({message.id: dt.datetime.fromisoformat(note["due_at"]) if note["due_at"] else None})
    refresh_next([joining.kept.id, joining.gone.id])


def _of(customer_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    series, messages = (
        sa.select(model.id).where(one_of(model.customer_id, customer_ids)).order_by(model.id)
        for model in (Series, Message)
    )
    return (
        list(db.session.scalars(series, execution_options=EVERYWHERE)),
        list(db.session.scalars(messages, execution_options=EVERYWHERE)),
    )


def _repeated(joining: Joining) -> Iterator[Message]:
    """Yield those of the messages of both that nobody is sending yet and that say what another one says."""
    moved, seen = set(joining.moved.get(Message.__tablename__, ())), set()
    statement = sa.select(Message).where(Message.customer_id == joining.kept.id, Message.status.in_(WAITING))
    waiting = db.session.scalars(
        statement.where(Message.acknowledged_at.is_(None)).order_by(Message.id),
        execution_options={"populate_existing": True, **EVERYWHERE},
    ).all()
    for message in waiting:
        if message.id not in moved:
            seen.add((message.channel, message.body, message.send_at))
    for message in waiting:
        if message.id in moved and (message.channel, message.body, message.send_at) in seen:
            yield message


def _stop_repeated(joining: Joining, now: dt.datetime) -> list[dict[str, Any]]:
    """Stop what comes again by the same rule for both, and return what it takes to let it go on."""
    moved = set(joining.moved.get(Series.__tablename__, ()))
    statement = sa.select(Series).where(Series.customer_id == joining.kept.id, Series.stopped_at.is_(None))
    rows = db.session.scalars(
        statement.order_by(Series.id), execution_options={"populate_existing": True, **EVERYWHERE}
    ).all()
    known = [_rule(series) for series in rows if series.id not in moved]
    repeated = [series for series in rows if series.id in moved and _rule(series) in known]
    looks = due.lock(SERIES, [series.id for series in repeated])
    due.settle(SERIES, looks)
    for series in repeated:
        series.stopped_at = now
    return [
        {"id": series.id, "stopped_at": now.isoformat(), "due_at": due_at.isoformat()}
        for series in repeated
        if (due_at := looks.get(series.id)) is not None
    ]


def _rule(series: Series) -> tuple[Any, ...]:
    return series.channel, series.wording, series.must_arrive, series.rule


def _go_on(notes: Sequence[dict[str, Any]]) -> None:
    """Let go on what nobody has stopped besides."""
    for note in notes:
        series = db.session.get(Series, note["id"], populate_existing=True)
        if series is not None and series.stopped_at == dt.datetime.fromisoformat(note["stopped_at"]):
            series.stopped_at = None
            due.put_off(SERIES, [series.id], dt.datetime.fromisoformat(note["due_at"]))


def _note(message: Message, due_at: dt.datetime | None, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": message.id,
        "status": message.status,
        "reason": message.reason,
        "status_at": message.status_at.isoformat(),
        "due_at": due_at.isoformat() if due_at else None,
        "canceled_at": now.isoformat(),
    }
