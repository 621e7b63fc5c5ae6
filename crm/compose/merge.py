"""Cancel repeated messages when customers are merged, and schedule them again when the merge is undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.signals import MergePair, customers_locking, customers_merged, customers_unmerged
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
    """Lock the series and messages of customers, each after its row of due work."""
    series, messages = found = _of(customer_ids)
    due.lock(SERIES, series)
    db.session.execute(locked(sa.select(Series.id).where(one_of(Series.id, series)).order_by(Series.id)))
    due.lock(KIND, messages)
    db.session.execute(locked(sa.select(Message.id).where(one_of(Message.id, messages)).order_by(Message.id)))
    return lambda: _of(customer_ids) == found


@customers_merged.connect
def cancel_repeated(pair: MergePair) -> None:
    """Cancel messages scheduled for both with the same text, channel and time; stop series with the same rule."""
    now = database_now()
    pair.notes[SERIES] = _stop_repeated(pair, now)
    repeated = list(_repeated(pair))
    looks = due.lock(KIND, [message.id for message in repeated])
    pair.notes[NOTES] = [_note(message, looks.get(message.id), now) for message in repeated]
    for message in repeated:
        message.turn(Status.CANCELED, now, f"It was scheduled for {pair.survivor.name} twice.")
        tell("message.canceled", message)
    look_at({message.id: None for message in repeated})
    refresh_next([pair.survivor.id, pair.merged.id])


@customers_unmerged.connect
def schedule_again(pair: MergePair) -> None:
    """Schedule the canceled messages again, unless their time has passed."""
    now = database_now()
    _resume_series(pair.notes[SERIES])
    for note in pair.notes[NOTES]:
        message = db.session.get(Message, note["id"], populate_existing=True)
        if message is None or message.status is not Status.CANCELED or message.send_at <= now:
            continue
        if message.status_at == dt.datetime.fromisoformat(note["canceled_at"]):
            message.turn(Status(note["status"]), dt.datetime.fromisoformat(note["status_at"]), note["reason"])
            tell("message.edited", message)
            look_at({message.id: dt.datetime.fromisoformat(note["due_at"]) if note["due_at"] else None})
    refresh_next([pair.survivor.id, pair.merged.id])


def _of(customer_ids: Sequence[int]) -> tuple[list[int], list[int]]:
    series, messages = (
        sa.select(model.id).where(one_of(model.customer_id, customer_ids)).order_by(model.id)
        for model in (Series, Message)
    )
    return (
        list(db.session.scalars(series, execution_options=EVERYWHERE)),
        list(db.session.scalars(messages, execution_options=EVERYWHERE)),
    )


def _repeated(pair: MergePair) -> Iterator[Message]:
    """Yield the waiting messages that were moved and repeat one of the survivor's."""
    moved, seen = set(pair.moved.get(Message.__tablename__, ())), set()
    statement = sa.select(Message).where(Message.customer_id == pair.survivor.id, Message.status.in_(WAITING))
    waiting = db.session.scalars(
        statement.where(Message.acknowledged_at.is_(None)).order_by(Message.id),
        execution_options={"populate_existing": True, **EVERYWHERE},
    ).all()
    for message in waiting:
        if message.id not in moved:
            seen.add(_content(message))
    for message in waiting:
        if message.id in moved and _content(message) in seen:
            yield message


def _content(message: Message) -> tuple[Any, ...]:
    return message.channel, message.purpose, message.subject, message.body, message.send_at


def _stop_repeated(pair: MergePair, now: dt.datetime) -> list[dict[str, Any]]:
    """Stop series that repeat one of the survivor's, and return what is needed to resume them."""
    moved = set(pair.moved.get(Series.__tablename__, ()))
    statement = sa.select(Series).where(Series.customer_id == pair.survivor.id, Series.stopped_at.is_(None))
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
    return series.channel, series.purpose, series.wording, series.must_arrive, series.rule


def _resume_series(notes: Sequence[dict[str, Any]]) -> None:
    """Resume the series that nobody else has stopped."""
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
