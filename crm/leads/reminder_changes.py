"""What is done with many follow-ups or payment promises of the list of reminders, each list in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.kernel.columns import one_of
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.reminders import Changes, stamp
from crm.leads import commitments, follow_ups
from crm.leads.models import CommitmentState, FollowUp, LoanCommitment
from crm.values import clock
from crm.values.language import gettext as _


def done(ids: Sequence[int]) -> Changes:
    with transaction():
        pairs = follow_ups.lock_follow_ups(ids)
        marked = follow_ups.mark_each_done(pairs)
        return Changes({row.id: _state(row) for row in marked}, len(pairs) - len(marked))


def undo_done(undo: Mapping[int, object]) -> int:
    """Undo `done` where nothing happened since; return the number."""
    with transaction():
        pairs = follow_ups.lock_follow_ups(undo)
        return len(follow_ups.undo_each_done([pair for pair in pairs if _state(pair[1]) == undo[pair[1].id]]))


def move(ids: Sequence[int], to: dt.datetime) -> Changes:
    """Plan open follow-ups for another time."""
    with transaction():
        pairs = follow_ups.lock_follow_ups(ids)
        wanted = [pair for pair in pairs if not pair[1].is_done and pair[1].due_at != to]
        before = {row.id: stamp(row.due_at) for _lead, row in wanted}
        follow_ups.plan(wanted, {row.id: to for _lead, row in wanted})
        return Changes(_with_stamps(FollowUp, before), len(pairs) - len(before))


def undo_move(undo: Mapping[int, Sequence[str | None]]) -> int:
    """Plan for the time before `move` what is as that left it; return the number."""
    with transaction():
        pairs = follow_ups.lock_follow_ups(undo)
        same = [pair for pair in pairs if stamp(pair[1].updated_at) == undo[pair[1].id][1]]
        before = {row.id: undo[row.id][0] for _lead, row in same}
        follow_ups.plan(same, {id_: dt.datetime.fromisoformat(at) if at else None for id_, at in before.items()})
        return len(same)


def settle(ids: Sequence[int]) -> Changes:
    """Mark open promises as paid."""
    with transaction():
        rows = commitments.lock_commitments(ids)
        is_open = [row for row in rows if row.is_open]
        commitments.edit_each(is_open, {row.id: {"state": CommitmentState.KEPT} for row in is_open})
        return Changes({row.id: _settling(row) for row in is_open}, len(rows) - len(is_open))


def undo_settle(undo: Mapping[int, object]) -> int:
    """Open again what is marked as paid since `settle`; return the number."""
    with transaction():
        same = [row for row in commitments.lock_commitments(undo) if _settling(row) == undo[row.id]]
        commitments.edit_each(same, {row.id: {"state": CommitmentState.OPEN} for row in same})
        return len(same)


def move_promises(ids: Sequence[int], to: dt.datetime) -> Changes:
    """Move open promises to the day of `to`, which has to be a later one than today."""
    zone = clock.zone(current_organization().time_zone)
    day, today = (clock.to_local(moment, zone).date() for moment in (to, clock.utcnow()))
    with transaction():
        rows = commitments.lock_commitments(ids)
        is_open = [row for row in rows if row.is_open]
        if day <= today:
            refused = [_("A payment promise can only be moved to another day.")] * len(is_open)
            return Changes({}, len(rows) - len(is_open), refused)
        wanted = [row for row in is_open if row.promised_date != day]
        earlier: dict[int, str | None] = {row.id: row.promised_date.isoformat() for row in wanted}
        commitments.edit_each(wanted, {row.id: {"promised_date": day} for row in wanted})
        return Changes(_with_stamps(LoanCommitment, earlier), len(rows) - len(earlier))


def undo_move_promises(undo: Mapping[int, Any]) -> int:
    """Move promises that are as `move_promises` left them back to their day; return the number."""
    with transaction():
        rows = commitments.lock_commitments(undo)
        same = [row for row in rows if stamp(row.updated_at) == undo[row.id][1]]
        before = {row.id: dt.date.fromisoformat(undo[row.id][0]) for row in same}
        commitments.edit_each(same, {id_: {"promised_date": day} for id_, day in before.items()})
        return len(same)


def _with_stamps(model: Any, before: Mapping[int, str | None]) -> dict[int, list[str | None]]:
    """Return what undoes a move: what was before it, and when it left the row."""
    found = db.session.execute(sa.select(model.id, model.updated_at).where(one_of(model.id, sorted(before))))
    return {id_: [before[id_], stamp(updated_at)] for id_, updated_at in found}


def _state(row: FollowUp) -> list[str | None]:
    return [stamp(row.done_at), row.outcome]


def _settling(row: LoanCommitment) -> list[str | None]:
    return [stamp(row.settled_at), row.state]
