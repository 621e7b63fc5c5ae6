"""Wishes to be erased among the reminders, due when they have to be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.customer_page import reminder_changes
from crm.customer_page.models import ErasureRequest
from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.reminders import MOST, DueRow, ReminderKind, Span, by_time, within


def _due(span: Span) -> list[DueRow]:
    rows = db.session.execute(_WISHES[span.backwards], span.parameters()).all()
    return [DueRow(row.due_at, row.id, tuple(row[2:])) for row in rows]


def _load(ids: Sequence[int]) -> dict[int, ErasureRequest]:
    found = sa.select(ErasureRequest).where(one_of(ErasureRequest.id, ids))
    return {row.id: row for row in db.session.scalars(found.options(joinedload(ErasureRequest.customer)))}


def _open(*, backwards: bool = False) -> sa.Select[Any]:
    at, id_ = ErasureRequest.due_at, ErasureRequest.id
    marks: list[Any] = [ErasureRequest.updated_at, Customer.updated_at.label("customer_updated_at")]
    found = sa.select(at, id_, *marks)
    found = found.join(Customer, Customer.id == ErasureRequest.customer_id)
    found = found.where(ErasureRequest.done_at.is_(None), within(at, id_))
    return found.order_by(*by_time(at, id_, backwards=backwards)).limit(MOST)


_WISHES = {backwards: prepared(_open(backwards=backwards)) for backwards in (False, True)}

REMINDERS = ReminderKind(
    key="erasure",
    place=50,
    template="customer_page/_erasure_reminder.html",
    due=_due,
    ids=_open(),
    parameters=Span.parameters,
    load=_load,
    done=reminder_changes.done,
    undo_done=reminder_changes.undo_done,
    move=reminder_changes.move,
    undo_move=reminder_changes.undo_move,
)
