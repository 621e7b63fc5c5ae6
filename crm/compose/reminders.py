"""Messages among the reminders: those to send by hand, and those that were not sent or confirmed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.accounts.access import here
from crm.compose import reminder_changes
from crm.customers.models import Customer
from crm.kernel.columns import UtcDateTime, constant, one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.reminders import MOST, DueRow, ReminderKind, Span, by_time, within
from crm.messages.channels.registry import all_channels
from crm.messages.models import BlockedSender, Message
from crm.messages.queries import reminders_of
from crm.messages.rules import LATE, NEEDS_A_PERSON, OPEN, Status
from crm.providers.registry import gateway_of
from crm.values import clock

AHEAD = 5_000
"""The next scheduled messages, among which those to send by hand are looked for."""


def _due(span: Span) -> list[DueRow]:
    rows = db.session.execute(_ROWS[span.backwards], _parameters(span)).all()
    return [DueRow(row.send_at, row.id, tuple(row[2:])) for row in rows]


def _parameters(span: Span) -> dict[str, Any]:
    now = clock.utcnow()
    by_hand = _by_hand() if span.before.at > now else []
    return {**span.parameters(), "now": now, "late": now - LATE, "channels": by_hand}


def _by_hand() -> list[str]:
    """Return the channels by which the organization sends by hand."""
    organization, found = here().organization, []
    for channel in all_channels():
        try:
            by_hand = gateway_of(organization, channel).by_hand
        except LookupError:
            continue
        found += [str(channel)] if by_hand else []
    return found


def _ids(*, backwards: bool = False) -> sa.Select[Any]:
    """Select the due and the coming messages of a span, in its direction; no message meets two conditions."""
    is_open, needs_a_person, late = (
        _among(OPEN),
        _among(NEEDS_A_PERSON),
        Message.send_at < sa.bindparam("late", type_=UtcDateTime()),
    )
    refused = Message.channel.in_(sa.select(BlockedSender.channel))
    due = [
        _part(backwards, needs_a_person),
        _part(backwards, is_open, late, ~needs_a_person),
        _part(backwards, Message.status == constant(Status.HELD), ~late, refused),
    ]
    found = sa.union_all(*(sa.select(part) for part in (*due, _ahead(backwards)))).subquery()
    return (
        sa.select(found.c.id, found.c.send_at)
        .order_by(*by_time(found.c.send_at, found.c.id, backwards=backwards))
        .limit(MOST)
    )


def _part(backwards: bool, *conditions: sa.ColumnElement[bool]) -> sa.Subquery:
    found = sa.select(Message.id, Message.send_at).join(Customer, Customer.id == Message.customer_id)
    found = found.where(*conditions, Message.acknowledged_at.is_(None), Customer.archived_at.is_(None))
    found = found.where(within(Message.send_at, Message.id))
    return found.order_by(*by_time(Message.send_at, Message.id, backwards=backwards)).limit(MOST).subquery()


def _ahead(backwards: bool) -> sa.Subquery:
    """Select the coming messages to send by hand."""
    order, now = by_time(Message.send_at, Message.id, backwards=backwards), sa.bindparam("now", type_=UtcDateTime())
    coming = sa.select(Message.id, Message.send_at, Message.customer_id, Message.channel, Message.status)
    coming = coming.where(_among(OPEN), Message.acknowledged_at.is_(None), Message.send_at > now)
    near = coming.where(within(Message.send_at, Message.id)).order_by(*order).limit(constant(AHEAD)).subquery()
    return (
        sa.select(near.c.id, near.c.send_at)
        .join(Customer, Customer.id == near.c.customer_id)
        .where(
            near.c.status == constant(Status.SCHEDULED),
            one_of(near.c.channel, "channels"),
            Customer.archived_at.is_(None),
        )
        .order_by(*by_time(near.c.send_at, near.c.id, backwards=backwards))
        .limit(MOST)
        .subquery()
    )


def _rows(*, backwards: bool) -> sa.Select[Any]:
    marks = (Message.status, Message.status_at, Message.updated_at, Customer.id.label("customer"), Customer.updated_at)
    # From the few to their rows: SQLite would walk through all messages by their time to find those of a list in order.
    few = _ids(backwards=backwards).subquery()
    statement: Any = (
        sa.select(Message.send_at, Message.id, *marks)
        .select_from(few)
        .join(Message, Message.id == few.c.id)
        .join(Customer, Customer.id == Message.customer_id)
        .order_by(*by_time(few.c.send_at, few.c.id, backwards=backwards))
    )
    return prepared(statement)


def _among(statuses: frozenset[Status]) -> Any:
    return Message.status.in_(map(constant, sorted(statuses)))


_ROWS = {backwards: _rows(backwards=backwards) for backwards in (False, True)}

REMINDERS = ReminderKind(
    key="message",
    place=10,
    template="messages/_reminder.html",
    due=_due,
    ids=_ids(),
    parameters=_parameters,
    load=reminders_of,
    done=reminder_changes.done,
    undo_done=reminder_changes.undo_done,
    move=reminder_changes.move,
    undo_move=reminder_changes.undo_move,
)
