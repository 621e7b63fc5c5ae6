"""Opt-outs of a backup: those that the original, which is here, has got since, hold for the copy too."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from crm.kernel.data import Arrival
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many, use_organization
from crm.messages.suppression_models import Suppression

COLUMNS = ("kind", "address", "source", "purpose", "note", "created_at")


def restored(arrival: Arrival) -> Iterable[str]:
    if not arrival.is_original_here:
        return ()
    with use_organization(arrival.original_id):
        found = db.session.execute(sa.select(*(getattr(Suppression, name) for name in COLUMNS))).all()
    with transaction() as session:
        mine = {tuple(row) for row in session.execute(sa.select(Suppression.kind, Suppression.address))}
        insert_many(Suppression, [row._asdict() for row in found if (row.kind, row.address) not in mine])
    return ()
