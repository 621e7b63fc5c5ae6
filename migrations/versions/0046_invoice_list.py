"""The list of all invoices: its indexes, the text that notes are found by, and when an invoice was edited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.customers.search_text import search_text
from crm.kernel.columns import BigInt, UtcDateTime

revision = "0046"
down_revision = "0043"
branch_labels = None
depends_on = None

BATCH = 1_000

invoices = sa.table(
    "invoices",
    sa.column("id", BigInt),
    sa.column("organization_id", BigInt),
    sa.column("note", sa.Text),
    sa.column("search_text", sa.Text),
)


def upgrade() -> None:
    op.add_column("invoices", sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
    op.add_column("invoices", sa.Column("edited_at", UtcDateTime(), nullable=True))
    bind = op.get_bind()
    for id_ in bind.scalars(sa.text("SELECT id FROM organizations")).all():
        _enter(str(id_))
        _fill(bind, id_)
    _enter("")
    for name, columns in (
        ("date", ["organization_id", "date", "id", "status", "amount", "currency"]),
        ("amount", ["organization_id", "amount", "id"]),
    ):
        op.create_index(f"ix_invoices_{name}", "invoices", columns)


def _fill(bind: sa.Connection, organization_id: int) -> None:
    """Write the text of each note; on PostgreSQL a statement changes rows of the organization that is set alone."""
    last = 0
    noted = sa.select(invoices.c.id, invoices.c.note).where(
        invoices.c.organization_id == organization_id, invoices.c.note != ""
    )
    changed = sa.update(invoices).where(
        invoices.c.organization_id == organization_id, invoices.c.id == sa.bindparam("row")
    )
    while rows := bind.execute(noted.where(invoices.c.id > last).order_by(invoices.c.id).limit(BATCH)).all():
        last = rows[-1].id
        values = [{"row": id_, "search_text": search_text(note, "", False, "", None)} for id_, note in rows]
        bind.execute(changed.values(search_text=sa.bindparam("search_text")), values)


def _enter(organization_id: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().execute(sa.select(sa.func.set_config("app.organization_id", organization_id, True)))
