"""Invoices as orders: each customer's totals, void invoices, points that invoices earn."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime
from crm.values import clock

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCH = 2_000
"""Customers whose invoices are read at once."""

ORDERED_BY = {
    "points": "loyalty_points",
    "orders": "total_orders",
    "spent": "total_spent",
    "last_order": "last_order_at",
    "created": "created_at",
}

organizations = sa.table("organizations", sa.column("id", BigInt), sa.column("time_zone", sa.String))
customers = sa.table(
    "customers",
    sa.column("organization_id", BigInt),
    sa.column("id", BigInt),
    sa.column("total_orders", BigInt),
    sa.column("total_spent", BigInt),
    sa.column("last_order_at", UtcDateTime()),
)
invoices = sa.table(
    "invoices",
    sa.column("organization_id", BigInt),
    sa.column("customer_id", BigInt),
    sa.column("amount", BigInt),
    sa.column("date", sa.Date),
    sa.column("status", sa.String),
    sa.column("created_at", UtcDateTime()),
)


def upgrade() -> None:
    op.add_column("organizations", sa.Column("earn_points", BigInt, server_default="0", nullable=False))
    op.add_column("organizations", sa.Column("earn_per", BigInt, server_default="0", nullable=False))
    op.add_column("invoices", sa.Column("voided_at", UtcDateTime(), nullable=True))
    # SQLite takes a reference with its column, and in no other way short of making the table anew.
    kind = BigInt.compile(op.get_bind().dialect)
    op.execute(
        f"ALTER TABLE invoices ADD COLUMN voided_by_id {kind} CONSTRAINT fk_invoices_voided_by_id REFERENCES users (id)"
    )
    op.add_column("customers", sa.Column("total_orders", BigInt, server_default="0", nullable=False))
    op.add_column("customers", sa.Column("total_spent", BigInt, server_default="0", nullable=False))
    op.add_column("customers", sa.Column("last_order_at", UtcDateTime(), nullable=True))
    for row in op.get_bind().execute(sa.select(organizations).order_by(organizations.c.id)).all():
        _act_in(str(row.id))
        _fill(row.id, row.time_zone)
    _act_in("")
    for name, column in ORDERED_BY.items():
        op.create_index(
            f"ix_customers_{name}",
            "customers",
            ["organization_id", column, "id"],
            unique=False,
            postgresql_where=sa.text("archived_at IS NULL"),
            sqlite_where=sa.text("archived_at IS NULL"),
        )


def _act_in(organization_id: str) -> None:
    """Open the locks of row-level security for one organization."""
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().execute(sa.select(sa.func.set_config("app.organization_id", organization_id, True)))


def _fill(organization_id: int, time_zone: str) -> None:
    bind, zone = op.get_bind(), _zone(time_zone)
    here = customers.c.organization_id == organization_id
    statement = sa.update(customers).where(here, customers.c.id == sa.bindparam("customer"))
    for rows in _batches(organization_id):
        grouped = itertools.groupby(rows, key=lambda row: row.customer_id)
        bind.execute(statement, [{"customer": id_, **_totals(list(group), zone)} for id_, group in grouped])


def _batches(organization_id: int) -> Iterator[list[Any]]:
    """Yield the open invoices of an organization, by customer."""
    bind, last = op.get_bind(), 0
    open_ = sa.and_(invoices.c.organization_id == organization_id, invoices.c.status == "open")
    while True:
        ids = sa.select(invoices.c.customer_id).where(open_, invoices.c.customer_id > last).distinct()
        batch = bind.execute(ids.order_by(invoices.c.customer_id).limit(BATCH)).scalars().all()
        if not batch:
            return
        among = invoices.c.customer_id.between(batch[0], batch[-1])
        yield list(bind.execute(sa.select(invoices).where(open_, among).order_by(invoices.c.customer_id)))
        last = batch[-1]


def _totals(rows: list[Any], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "total_orders": len(rows),
        "total_spent": sum(row.amount for row in rows),
        "last_order_at": max(_moment(row.date, row.created_at, zone) for row in rows),
    }


def _moment(date: dt.date, entered_at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return when the order was: on the day it was entered that moment, else the start of its day."""
    if entered_at.astimezone(zone).date() == date:
        return entered_at
    return clock.at_or_after(dt.datetime.combine(date, dt.time()), zone)


def _zone(name: str) -> ZoneInfo:
    try:
        return clock.zone(name)
    except ValueError:
        return ZoneInfo("UTC")
