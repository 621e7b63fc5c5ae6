"""Unread texts among the reminders, due when they came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.inbox import reminder_changes
from crm.inbox.queries import InboxEntry, entries_of
from crm.kernel.columns import one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.reminders import MOST, DueRow, ReminderKind, Span, by_time, within
from crm.messages.inbound_models import InboundMessage
from crm.web.due import due_now


def _due(span: Span) -> list[DueRow]:
    texts = db.session.scalars(_TEXTS[span.backwards], span.parameters()).all()
    entries = entries_of(texts) if texts else []
    return [DueRow(entry.text.sent_at, entry.text.id, (entry.text.is_asking, entry.name), entry) for entry in entries]


def _load(ids: Sequence[int]) -> dict[int, InboxEntry]:
    texts = db.session.scalars(sa.select(InboundMessage).where(one_of(InboundMessage.id, ids))).all()
    return {entry.text.id: entry for entry in entries_of(texts)}


def count_unread() -> int:
    return due_now().of_kind(REMINDERS)


def _unread(selected: Any, *, backwards: bool = False) -> sa.Select[Any]:
    at, id_ = InboundMessage.sent_at, InboundMessage.id
    found = sa.select(selected).where(InboundMessage.done_at.is_(None), within(at, id_))
    return found.order_by(*by_time(at, id_, backwards=backwards)).limit(MOST)


_TEXTS = {backwards: prepared(_unread(InboundMessage, backwards=backwards)) for backwards in (False, True)}

REMINDERS = ReminderKind(
    key="text",
    place=40,
    template="inbox/_reminder.html",
    due=_due,
    ids=_unread(InboundMessage.id),
    parameters=Span.parameters,
    load=_load,
    done=reminder_changes.done,
    undo_done=reminder_changes.undo_done,
    move=reminder_changes.move,
    undo_move=reminder_changes.undo_move,
)
