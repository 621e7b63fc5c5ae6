"""The language of a customer's messages; and amounts in dinars in thousandths, which were kept in hundredths.

Before, an organization came to a currency with three decimals by the command line, or by Iraq's dinar.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt

revision = "0036"
down_revision = "0041"
branch_labels = None
depends_on = None

THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
AMOUNTS = (("invoices", "amount"), ("loan_commitments", "amount"), ("bookings", "amount"), ("customers", "total_spent"))
BATCH = 2_000

organizations = sa.table("organizations", sa.column("id", BigInt), sa.column("currency"), sa.column("earn_per", BigInt))
events = sa.table(
    "events",
    *(sa.column(name, BigInt) for name in ("id", "organization_id")),
    sa.column("changes", sa.JSON),
)


def upgrade() -> None:
    op.add_column("customers", sa.Column("language", sa.String(10), nullable=False, server_default=""))
    bind = op.get_bind()
    finer = organizations.c.currency.in_(THOUSANDTHS)
    ids = bind.scalars(sa.select(organizations.c.id).where(finer).order_by(organizations.c.id)).all()
    for id_ in ids:
        _enter(str(id_))
        for table, column in AMOUNTS:
            _multiply(table, column, id_)
        _multiply_told(id_)
    bind.execute(sa.update(organizations).where(finer).values(earn_per=organizations.c.earn_per * 10))
    if ids:
        _enter("")


def _multiply(table: str, column: str, organization_id: int) -> None:
    rows = sa.table(table, sa.column("organization_id", BigInt), sa.column(column, BigInt))
    here = rows.c.organization_id == organization_id
    op.get_bind().execute(sa.update(rows).where(here).values({column: rows.c[column] * 10}))


def _multiply_told(organization_id: int) -> None:
    """Multiply the amounts that the timeline tells of."""
    bind, last = op.get_bind(), 0
    here = events.c.organization_id == organization_id
    wanted = sa.select(events.c.id, events.c.changes).where(here)
    while found := bind.execute(wanted.where(events.c.id > last).order_by(events.c.id).limit(BATCH)).all():
        last = found[-1].id
        for row in found:
            if isinstance(row.changes, dict) and "amount" in row.changes:
                told = {**row.changes, "amount": [_tenfold(value) for value in row.changes["amount"]]}
                bind.execute(sa.update(events).where(here, events.c.id == row.id).values(changes=told))


def _tenfold(value: Any) -> Any:
    return value * 10 if isinstance(value, int) else value


def _enter(organization_id: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().execute(sa.select(sa.func.set_config("app.organization_id", organization_id, True)))
