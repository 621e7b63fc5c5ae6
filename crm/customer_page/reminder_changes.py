"""What is done with many wishes to be erased of the list of reminders, each list in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from crm.customer_page.models import ErasureRequest
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.reminders import Changes, stamp
from crm.kernel.tenancy import current_actor
from crm.values.language import gettext as _


def done(ids: Sequence[int]) -> Changes:
    with transaction():
        rows = _lock(ids)
        is_open = [row for row in rows if row.done_at is None]
        for row in is_open:
            row.done_at, row.done_by_id, row.updated_at = database_now(), current_actor(), db_now()
            record("erasure.dismissed", row, customer_id=row.customer_id)
        db.session.flush()
        return Changes({row.id: stamp(row.done_at) for row in is_open}, len(rows) - len(is_open))


def undo_done(undo: Mapping[int, object]) -> int:
    """Open again what is as `done` left it; return the number."""
    with transaction():
        same = [row for row in _lock(undo) if stamp(row.done_at) == undo[row.id]]
        for row in same:
            row.done_at, row.done_by_id, row.updated_at = None, None, db_now()
            record("erasure.reopened", row, customer_id=row.customer_id)
        return len(same)


def move(ids: Sequence[int], to: dt.datetime) -> Changes:
    """Refuse: the law gives a month."""
    with transaction():
        return Changes({}, 0, [_("A wish to be erased can't be moved: the law gives a month.")] * len(_lock(ids)))


def undo_move(undo: Mapping[int, object]) -> int:
    return 0


def _lock(ids: Iterable[int]) -> list[ErasureRequest]:
    found = sa.select(ErasureRequest).where(one_of(ErasureRequest.id, ids)).order_by(ErasureRequest.id)
    return list(db.session.scalars(locked(found)))
