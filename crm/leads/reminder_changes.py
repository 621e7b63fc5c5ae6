"""What is done with many follow-ups or payment promises of the list of reminders, each list in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.kernel.columns import one_of
from crm.kernel.db import locked, transaction
from crm.kernel.extensions import db
from crm.kernel.reminders import Changes, stamp
from crm.leads import commitments, follow_ups
from crm.leads.models import CommitmentState, FollowUp, Lead, LoanCommitment
from crm.values import clock
from crm.values.language import gettext as _


def done(ids: Sequence[int]) -> Changes:
    with transaction():
        rows = _lock_follow_ups(ids)
        undo = {row.id: _state(follow_ups.mark_done(row.id)) for row in rows if not row.is_done}
        return Changes(undo, len(rows) - len(undo))


def undo_done(undo: Mapping[int, object]) -> int:
    """Undo `done` where nothing happened since; return the number."""
    with transaction():
        rows = [row.id for row in _lock_follow_ups(undo) if _state(row) == undo[row.id]]
        for id_ in rows:
            follow_ups.undo_done(id_)
        return len(rows)


def move(ids: Sequence[int], to: dt.datetime) -> Changes:
    """Plan open follow-ups for another time."""
    before: dict[int, str | None] = {}
    with transaction():
        rows = _lock_follow_ups(ids)
        for row in rows:
            if not row.is_done and row.due_at != to:
                before[row.id] = stamp(row.due_at)
                follow_ups.edit_follow_up(row.id, {"due_at": to})
        return Changes(_with_stamps(FollowUp, before), len(rows) - len(before))


def undo_move(undo: Mapping[int, Sequence[str | None]]) -> int:
    """Plan for the time before `move` what is as that left it; return the number."""
    with transaction():
        rows = [row.id for row in _lock_follow_ups(undo) if undo[row.id][1] == stamp(row.updated_at)]
        for id_ in rows:
            before = undo[id_][0]
            follow_ups.edit_follow_up(id_, {"due_at": dt.datetime.fromisoformat(before) if before else None})
        return len(rows)


def settle(ids: Sequence[int]) -> Changes:
    """Mark open promises as paid."""
    with transaction():
        rows = _lock_promises(ids)
        kept = [commitments.settle_commitment(row.id, CommitmentState.KEPT) for row in rows if row.is_open]
        return Changes({row.id: _settling(row) for row in kept}, len(rows) - len(kept))


def undo_settle(undo: Mapping[int, object]) -> int:
    """Open again what is marked as paid since `settle`; return the number."""
    with transaction():
        rows = [row.id for row in _lock_promises(undo) if _settling(row) == undo[row.id]]
        for id_ in rows:
            commitments.settle_commitment(id_, CommitmentState.OPEN)
        return len(rows)


def move_promises(ids: Sequence[int], to: dt.datetime) -> Changes:
    """Move open promises to the day of `to`, which has to be a later one than today."""
    zone = clock.zone(current_organization().time_zone)
    day, today = (clock.to_local(moment, zone).date() for moment in (to, clock.utcnow()))
    before: dict[int, str | None] = {}
    refused: list[str] = []
    with transaction():
        rows = _lock_promises(ids)
        for row in rows:
            if row.is_open and day <= today:
                refused.append(_("A payment promise can only be moved to another day."))
            elif row.is_open and row.promised_date != day:
                before[row.id] = row.promised_date.isoformat()
                commitments.edit_commitment(row.id, {"promised_date": day})
        return Changes(_with_stamps(LoanCommitment, before), len(rows) - len(before) - len(refused), refused)


def undo_move_promises(undo: Mapping[int, Sequence[str]]) -> int:
    """Move promises that are as `move_promises` left them back to their day; return the number."""
    with transaction():
        rows = [row.id for row in _lock_promises(undo) if undo[row.id][1] == stamp(row.updated_at)]
        for id_ in rows:
            commitments.edit_commitment(id_, {"promised_date": dt.date.fromisoformat(undo[id_][0])})
        return len(rows)


def _with_stamps(model: Any, before: Mapping[int, str | None]) -> dict[int, list[str | None]]:
    """Return what undoes a move: what was before it, and when it left the row."""
    found = db.session.execute(sa.select(model.id, model.updated_at).where(one_of(model.id, sorted(before))))
    return {id_: [before[id_], stamp(updated_at)] for id_, updated_at in found}


def _state(row: FollowUp) -> list[str | None]:
    return [stamp(row.done_at), row.outcome]


def _settling(row: LoanCommitment) -> list[str | None]:
    return [stamp(row.settled_at), row.state]


def _lock_follow_ups(ids: Iterable[int]) -> Sequence[FollowUp]:
    """Lock the leads, then their follow-ups."""
    wanted = one_of(FollowUp.id, sorted(ids))
    leads = sa.select(FollowUp.lead_id).where(wanted)
    db.session.scalars(locked(sa.select(Lead).where(Lead.id.in_(leads)).order_by(Lead.id))).all()
    return db.session.scalars(locked(sa.select(FollowUp).where(wanted).order_by(FollowUp.id))).all()


def _lock_promises(ids: Iterable[int]) -> Sequence[LoanCommitment]:
    wanted = one_of(LoanCommitment.id, sorted(ids))
    return db.session.scalars(locked(sa.select(LoanCommitment).where(wanted).order_by(LoanCommitment.id))).all()
