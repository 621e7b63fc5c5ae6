"""Automations of a backup: they go on with the day of the restore, and catch up with nothing."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from crm.automations.models import Automation
from crm.automations.services import KIND
from crm.kernel.data import Arrival
from crm.kernel.db import database_now, transaction
from crm.kernel.work import due


def restored(arrival: Arrival) -> Iterator[str]:
    with transaction() as session:
        rows = session.scalars(sa.select(Automation).where(Automation.stopped_at.is_(None))).all()
        now = database_now()
        due.plan(KIND, {row.id: now for row in rows if row.occasion.is_daily})
    yield from ()
