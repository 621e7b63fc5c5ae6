"""What is done with many reminders: all kinds and their undo in one transaction.

It takes the lock of the intake first: others lock leads before customers, or customers before leads, under that lock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from crm.customers.locks import lock_intake
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.reminders import Changes, ReminderKind
from crm.kernel.tenancy import current_actor
from crm.reminders.models import ReminderChange
from crm.reminders.rules import reference_in
from crm.values.language import gettext as _

MAX_AT_ONCE = 500

DONE, MOVED = "done", "moved"


class Result(NamedTuple):
    """What was changed; `change_id` undoes it. `found` counts all that were there, `refused` says why some stayed."""

    changed: int
    found: int
    refused: list[str]
    change_id: int | None


def mark_done(names: Iterable[str]) -> Result:
    """Mark as done what can be; raises SentenceError for too many."""
    return _change(DONE, names, lambda kind, ids: kind.done(ids))


def move(names: Iterable[str], to: dt.datetime) -> Result:
    """Move what can be moved; raises SentenceError for too many."""
    return _change(MOVED, names, lambda kind, ids: kind.move(ids, to))


def undo(change_id: int) -> int:
    """Undo a change, as far as nothing happened since; return the number. A second call changes nothing."""
    with transaction():
        lock_intake()
        change = db.session.scalars(locked(sa.select(ReminderChange).where(ReminderChange.id == change_id))).one()
        if change.undone_at is not None:
            return 0
        change.undone_at = database_now()
        return sum(_undo(kind, change.action, change.undo.get(kind.key, {})) for kind in catalog().reminders)


def _change(action: str, names: Iterable[str], do: Callable[[ReminderKind, list[int]], Changes]) -> Result:
    wanted = _by_kind(names)
    if sum(map(len, wanted.values())) > MAX_AT_ONCE:
        raise SentenceError(_("Select at most %(most)s reminders at once.", most=MAX_AT_ONCE))
    with transaction():
        lock_intake()
        done = {kind.key: do(kind, wanted[kind.key]) for kind in catalog().reminders if wanted.get(kind.key)}
        undo = {key: {str(id_): before for id_, before in part.undo.items()} for key, part in done.items() if part.undo}
        return Result(
            sum(len(part.undo) for part in done.values()),
            sum(part.found for part in done.values()),
            [sentence for part in done.values() for sentence in part.refused],
            _keep(action, undo) if undo else None,
        )


def _keep(action: str, undo: Mapping[str, Mapping[str, object]]) -> int:
    with transaction() as session:
        change = ReminderChange(user_id=current_actor(), action=action, undo=dict(undo))
        session.add(change)
        session.flush()
        return change.id


def _undo(kind: ReminderKind, action: str, part: Mapping[str, object]) -> int:
    by_id = {int(id_): before for id_, before in part.items()}
    if not by_id:
        return 0
    return kind.undo_done(by_id) if action == DONE else kind.undo_move(by_id)


def _by_kind(names: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for kind, id_ in sorted({ref for ref in map(reference_in, names) if ref is not None}):
        found.setdefault(kind, []).append(id_)
    return found
