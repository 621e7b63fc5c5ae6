"""Referrals of a backup, which has no due work: the ends of holds and of the time to buy are planned."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from crm.kernel.data import Arrival
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.referrals.models import Referral
from crm.referrals.rules import LAPSES_AFTER, State
from crm.referrals.services import HOLD, LAPSE

PAGE = 500


def restored(arrival: Arrival) -> Iterator[str]:
    last = 0
    while rows := db.session.execute(_WAITING.where(Referral.id > last).order_by(Referral.id).limit(PAGE)).all():
        last = rows[-1].id
        with transaction():
            now = database_now()
            due.plan(HOLD, {row.id: row.held_until or now for row in rows if row.state is State.QUALIFIED})
            due.plan(LAPSE, {row.id: row.joined_at + LAPSES_AFTER for row in rows if row.state is State.JOINED})
    yield from ()


_WAITING = sa.select(Referral.id, Referral.state, Referral.held_until, Referral.joined_at).where(
    Referral.state.in_([State.JOINED, State.QUALIFIED])
)
