"""Follow-ups and payment promises among the reminders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.kernel.columns import BigInt
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.reminders import LAST_ID, LATEST, MOST, DueRow, Key, ReminderKind, Span, by_time, within
from crm.leads import reminder_changes
from crm.leads.models import FollowUp, Lead, LeadStatus, LoanCommitment
from crm.values import clock


def _due_follow_ups(span: Span) -> list[DueRow]:
    rows = db.session.execute(_FOLLOW_UPS[span.backwards], span.parameters()).all()
    return [DueRow(row.at, row.id, tuple(row[2:])) for row in rows]


def _due_promises(span: Span) -> list[DueRow]:
    rows = db.session.execute(_PROMISES[span.backwards], _of_days(span)).all()
    return [DueRow(clock.end_of_day(row.at, span.zone), row.id, tuple(row[2:])) for row in rows]


def _of_days(span: Span) -> dict[str, Any]:
    """Return the parameters of promises, which are due at the end of their day."""
    after, before = _day_of(span.after, span.zone, LAST_ID), _day_of(span.before, span.zone, 0)
    return {
        "after_day": after[0],
        "after_day_id": after[1],
        "before_day": before[0],
        "before_day_id": before[1],
        "most": span.most,
    }


def _day_of(key: Key, zone: ZoneInfo, otherwise: int) -> tuple[dt.date, int]:
    """Return the day and id of a bound; a bound before the end of a day excludes or includes the whole of it."""
    if key == LATEST:
        return LATEST.at.date(), 0
    day = clock.to_local(key.at, zone).date()
    if key.at == clock.end_of_day(day, zone):
        return day, key.id
    return (day - dt.timedelta(days=1), otherwise) if otherwise else (day, 0)


def _follow_ups(*, backwards: bool = False) -> sa.Select[Any]:
    found = _of_open_leads(FollowUp, FollowUp.due_at)
    found = found.where(FollowUp.done_at.is_(None), within(FollowUp.due_at, FollowUp.id))
    return found.order_by(*by_time(FollowUp.due_at, FollowUp.id, backwards=backwards)).limit(MOST)


def _promises(*, backwards: bool = False) -> sa.Select[Any]:
    day, id_ = LoanCommitment.promised_date, LoanCommitment.id
    after, before = sa.bindparam("after_day", type_=sa.Date), sa.bindparam("before_day", type_=sa.Date)
    found = _of_open_leads(LoanCommitment, day).where(
        sa.literal_column("loan_commitments.state = 'open'"),
        day >= after,
        day <= before,
        sa.or_(day > after, id_ > sa.bindparam("after_day_id", type_=BigInt)),
        sa.or_(day < before, id_ < sa.bindparam("before_day_id", type_=BigInt)),
    )
    return found.order_by(*by_time(day, id_, backwards=backwards)).limit(MOST)


def _of_open_leads(model: type[Any], at: Any) -> sa.Select[Any]:
    marks = model.updated_at, Lead.updated_at.label("lead_updated_at")
    found = sa.select(at.label("at"), model.id, *marks).join(Lead, Lead.id == model.lead_id)
    return found.where(Lead.status != LeadStatus.LOST)


def _load(model: type[Any], ids: Sequence[int]) -> dict[int, Any]:
    rows = db.session.scalars(sa.select(model).where(model.id.in_(ids)).options(joinedload(model.lead)))
    return {row.id: row for row in rows}


_FOLLOW_UPS = {backwards: prepared(_follow_ups(backwards=backwards)) for backwards in (False, True)}
_PROMISES = {backwards: prepared(_promises(backwards=backwards)) for backwards in (False, True)}

FOLLOW_UPS = ReminderKind(
    key="follow-up",
    place=20,
    template="leads/_follow_up_reminder.html",
    due=_due_follow_ups,
    ids=_follow_ups(),
    parameters=Span.parameters,
    load=lambda ids: _load(FollowUp, ids),
    done=reminder_changes.done,
    undo_done=reminder_changes.undo_done,
    move=reminder_changes.move,
    undo_move=reminder_changes.undo_move,
)

PROMISES = ReminderKind(
    key="loan-commitment",
    place=30,
    template="leads/_promise_reminder.html",
    due=_due_promises,
    ids=_promises(),
    parameters=_of_days,
    load=lambda ids: _load(LoanCommitment, ids),
    done=reminder_changes.settle,
    undo_done=reminder_changes.undo_settle,
    move=reminder_changes.move_promises,
    undo_move=reminder_changes.undo_move_promises,
)
