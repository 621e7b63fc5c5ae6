"""The ledger of points as an export."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from crm.customers.exports import whose
from crm.kernel.exports import Column, Export, Kind
from crm.kernel.extensions import db
from crm.loyalty.models import PointsEntry
from crm.values.language import N_


def ids_of(query: Mapping[str, str]) -> list[int]:
    """Return all entries, the oldest first: there is no list of them with filters."""
    return list(db.session.scalars(sa.select(PointsEntry.id).order_by(PointsEntry.id)))


EXPORT = Export(
    "points",
    N_("Points"),
    40,
    "home.index",
    ids_of,
    PointsEntry.id,
    (
        Column("id", N_("Entry number"), PointsEntry.id, Kind.NUMBER),
        *whose(PointsEntry.customer_id),
        Column("points", N_("Points"), PointsEntry.applied, Kind.NUMBER),
        Column("balance", N_("Balance"), PointsEntry.balance, Kind.NUMBER),
        Column("reason", N_("Reason"), PointsEntry.reason),
        Column("source", N_("Source"), PointsEntry.source),
        Column("created_at", N_("Time"), PointsEntry.created_at, Kind.MOMENT),
        Column("kind", N_("Kind"), PointsEntry.kind),
        Column("expires_on", N_("Can be spent until"), PointsEntry.expires_on, Kind.DAY),
    ),
)
