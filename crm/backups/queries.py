"""What the page and the doctor say of backups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from crm.backups.models import Backup, State
from crm.backups.rules import DAYS, MONTHS, WEEKS
from crm.kernel.columns import db_now
from crm.kernel.extensions import db
from crm.messages.models import Message
from crm.messages.restoring import PAUSED
from crm.messages.rules import Status
from crm.values import clock

LATE = dt.timedelta(hours=26)
MOST_SHOWN = 100


class Paused(NamedTuple):
    """Messages that wait for sending to be resumed: whose time has passed, and those to come; the first to tick."""

    missed: int
    to_come: int
    ticks: Sequence[Message]


def backups() -> Sequence[Backup]:
    """Return the kept ones and those being made, the newest first."""
    return db.session.scalars(
        sa.select(Backup).order_by(Backup.created_at.desc(), Backup.id.desc()).limit(DAYS + WEEKS + MONTHS + 20)
    ).all()


def last_verified() -> Backup | None:
    verified = sa.select(Backup).where(Backup.state == State.READY, Backup.verified_at.is_not(None))
    return db.session.scalars(verified.order_by(Backup.created_at.desc()).limit(1)).first()


def is_late(since: dt.datetime) -> bool:
    """Whether there is no verified backup of the last hours; `since` is when the organization began."""
    last = last_verified()
    return clock.utcnow() - (last.created_at if last else since) > LATE


def paused() -> Paused:
    missed, to_come = (
        db.session.scalar(sa.select(sa.func.count()).select_from(Message).where(_HELD, condition)) or 0
        for condition in (_MISSED, ~_MISSED)
    )
    ticks = sa.select(Message).where(_HELD, _MISSED).order_by(Message.send_at.desc(), Message.id.desc())
    return Paused(missed, to_come, db.session.scalars(ticks.limit(MOST_SHOWN)).all())


_HELD = sa.and_(Message.status == Status.HELD, sa.or_(Message.before_restore.is_not(None), Message.reason == PAUSED))
_MISSED = Message.send_at <= db_now()
