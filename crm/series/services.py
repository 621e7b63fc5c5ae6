"""Changes of series.

The next message is created when the earlier one is due (`next_occurrence`), so a customer has one scheduled at a time.
A series is due work at that time, under its own kind.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.idempotency import RequestKey
from crm.kernel.tenancy import current_actor
from crm.kernel.work import due
from crm.message_templates.rules import Wording
from crm.messages import services
from crm.messages.bookkeeping import lock_message, look_at, refresh_next, tell
from crm.messages.channels.base import Channel
from crm.messages.checks import RefusedError
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.series.models import Occurrence, Series
from crm.series.queries import latest_message, occurrence_of, series_of_message
from crm.series.rules import Rule
from crm.values.language import ENGLISH, speaking
from crm.values.language import gettext as _

KIND = "series"


def schedule(
    customer_id: int,
    channel: Channel,
    body: str,
    send_at: dt.datetime,
    request_key: RequestKey | None = None,
    *,
    rule: Rule | None = None,
    wording: Wording | None = None,
    **options: Any,
) -> Message:
    """Schedule a message; a rule starts a series. Raises what `schedule_message` raises."""
    with transaction():
        message = services.schedule_message(customer_id, channel, body, send_at, request_key, **options)
        if rule is not None and occurrence_of(message.id) is None:
            _begin(message, rule, wording or Wording(body))
        return message


def edit_all(
    message_id: int,
    channel: Channel,
    body: str,
    send_at: dt.datetime,
    *,
    rule: Rule | None,
    wording: Wording,
    **options: Any,
) -> Message:
    """Edit a message and all after it: the series ends, and a rule starts another.

    Editing only the text on the last day of February keeps a rule of the 31st: `rule` has its first day. Raises what
    `edit_message` raises.
    """
    with transaction():
        series = series_of_message(message_id)
        if series is not None:
            series = lock_series(series.id)
        message = services.edit_message(message_id, channel, body, send_at, **options)
        if series is not None:
            _end(series, "series.changed")
        if rule is not None:
            begun = _begin(message, rule, wording)
            if series is not None:
                series.replaced_by_id = begun.id
        return message


def stop_series(series_id: int) -> Series:
    """Stop a series and cancel its scheduled message; an ended one stays."""
    with transaction():
        series = lock_series(series_id)
        if series.stopped_at is None:
            now = _end(series, "series.stopped")
            message = latest_message(series_id)
            if message and message.is_changeable and message.send_at > now:
                services.cancel_message(message.id)
        return series


def undo_stop(series_id: int) -> Series:
    """Restart a stopped series and its canceled message. Raises ConflictError if another series replaced it."""
    with transaction():
        series = lock_series(series_id)
        if series.replaced_by_id is not None:
            raise ConflictError(_("This message was changed since. Change the scheduled one instead."))
        if series.stopped_at is not None:
            due_at = _bring_back(series, series.stopped_at)
            series.stopped_at = None
            due.put_off(KIND, [series.id], due_at)
            record("series.resumed", series, customer_id=series.customer_id)
        return series


def look_at_series_of(customer_id: int) -> None:
    """Make the customer's series due now."""
    with transaction():
        hasten_series_of([customer_id])


def hasten_series_of(customer_ids: Sequence[int]) -> None:
    """Make the customers' series due now, within the open transaction; lock customers after it."""
    of_them = sa.select(Series.id).where(one_of(Series.customer_id, customer_ids), Series.stopped_at.is_(None))
    ids = db.session.scalars(of_them).all()
    due.lock(KIND, ids)
    due.put_off(KIND, ids, database_now())


def lock_series(series_id: int) -> Series:
    """Lock a series, after its due work."""
    due.lock(KIND, [series_id])
    return db.session.scalars(locked(sa.select(Series).where(Series.id == series_id))).one()


def _begin(message: Message, rule: Rule, wording: Wording) -> Series:
    if rule.until is not None and rule.until < rule.starts_on:
        raise RefusedError("repeat_until", _("Choose a last day that is not before the first message."))
    series = Series(
        customer_id=message.customer_id,
        channel=message.channel,
        wording=wording.to_json(),
        purpose=message.purpose,
        must_arrive=message.must_arrive,
        frequency=rule.frequency,
        every=rule.every,
        starts_on=rule.starts_on,
        at=rule.at,
        until=rule.until,
        created_by_id=current_actor(),
    )
    db.session.add(series)
    db.session.flush()
    occurrence = occurrence_of(message.id)
    if occurrence is None:
        db.session.add(Occurrence(series_id=series.id, message_id=message.id, date=rule.starts_on))
    else:
        # A rule that goes on from its old first day leaves the message its date.
        old = db.session.get_one(Series, occurrence.series_id)
        date = occurrence.date if old.starts_on == rule.starts_on else rule.starts_on
        occurrence.series_id, occurrence.date = series.id, date
    record("series.begun", series, customer_id=series.customer_id, changes={"rule": [None, _in_english(rule)]})
    due.put_off(KIND, [series.id], message.send_at)
    return series


def _end(series: Series, action: str) -> dt.datetime:
    now = series.stopped_at = database_now()
    due.settle(KIND, [series.id])
    record(action, series, customer_id=series.customer_id, changes={"rule": [_in_english(series.rule), None]})
    return now


def _in_english(rule: Rule) -> str:
    """Describe a rule for an event, which readers of every language share."""
    with speaking(ENGLISH):
        return rule.said()


def _bring_back(series: Series, stopped_at: dt.datetime) -> dt.datetime:
    """Restore the message canceled with the series; return when the next one is due."""
    now = database_now()
    message = latest_message(series.id)
    if message is None:
        return now
    if message.status is Status.CANCELED and message.status_at >= stopped_at and message.send_at > now:
        lock_message(message.id)
        message.turn(Status.SCHEDULED, now)
        tell("message.edited", message)
        look_at({message.id: message.send_at})
        refresh_next([message.customer_id])
    return max(message.send_at, now)
