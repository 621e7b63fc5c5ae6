"""The ledger of points as an export."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from crm.customers.models import Customer
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
        Column("customer", N_("Customer number"), PointsEntry.customer_id, Kind.NUMBER),
        Column(
            "customer_name",
            N_("Customer"),
            sa.select(Customer.name).where(Customer.id == PointsEntry.customer_id).scalar_subquery(),
        ),
        Column("points", N_("Points"), PointsEntry.applied, Kind.NUMBER),
        Column("balance", N_("Balance"), PointsEntry.balance, Kind.NUMBER),
        Column("reason", N_("Reason"), PointsEntry.reason),
        Column("source", N_("Source"), PointsEntry.source),
        Column("created_at", N_("Time"), PointsEntry.created_at, Kind.MOMENT),
    ),
)
