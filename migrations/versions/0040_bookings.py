"""Service, dates, note and documents of bookings, and the booking that an invoice is for.

A document is a row of `receipts` with a booking in the place of an invoice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime

revision = "0040"
down_revision = "0036"
branch_labels = None
depends_on = None

AUTOINCREMENT = {"sqlite_autoincrement": True}
WITHIN = ["organization_id", "booking_id"]
TARGET = ["organization_id", "id"]


def upgrade() -> None:
    op.add_column("bookings", sa.Column("service", sa.String(200), nullable=False, server_default=""))
    op.add_column("bookings", sa.Column("date_until", sa.Date(), nullable=True))
    op.add_column("bookings", sa.Column("ends_on", sa.Date(), nullable=False, server_default="1970-01-01"))
    op.add_column("bookings", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    _end_on_their_day()
    op.create_index("ix_bookings_end", "bookings", ["organization_id", "ends_on", "id"])
    with _receipts_aside(op.get_bind()):
        with op.batch_alter_table("invoices", table_kwargs=AUTOINCREMENT) as table:
            table.add_column(sa.Column("booking_id", BigInt, nullable=True))
            table.create_foreign_key("fk_invoices_organization_id_booking_id", "bookings", WITHIN, TARGET)
        with op.batch_alter_table("receipts", table_kwargs=AUTOINCREMENT) as table:
            table.alter_column("invoice_id", existing_type=BigInt, nullable=True)
            table.add_column(sa.Column("booking_id", BigInt, nullable=True))
            table.add_column(sa.Column("removed_at", UtcDateTime(), nullable=True))
            table.create_foreign_key(
                "fk_receipts_organization_id_booking_id", "bookings", WITHIN, TARGET, ondelete="CASCADE"
            )
    op.create_index("ix_invoices_booking", "invoices", WITHIN)
    op.create_index("ix_receipts_booking", "receipts", WITHIN)


def _end_on_their_day() -> None:
    """Let each booking end on its day; on PostgreSQL a statement changes rows of the organization that is set alone."""
    bind = op.get_bind()
    for id_ in bind.scalars(sa.text("SELECT id FROM organizations")).all():
        _enter(str(id_))
        bind.execute(sa.text("UPDATE bookings SET ends_on = date WHERE organization_id = :id"), {"id": id_})
    _enter("")


def _enter(organization_id: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().execute(sa.select(sa.func.set_config("app.organization_id", organization_id, True)))


@contextmanager
def _receipts_aside(connection: sa.Connection) -> Iterator[None]:
    """Keep the receipts on SQLite, which makes both tables anew: dropping the invoices would delete them.

    Ids that were used are not used again.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    names = ", ".join(column["name"] for column in sa.inspect(connection).get_columns("receipts"))
    used = connection.execute(sa.text("SELECT name, seq FROM sqlite_sequence")).all()
    last = {row.name: row.seq for row in used}
    connection.execute(sa.text("CREATE TABLE receipts_aside AS SELECT * FROM receipts"))
    connection.execute(sa.text("DELETE FROM receipts"))
    yield
    connection.execute(sa.text(f"INSERT INTO receipts ({names}) SELECT {names} FROM receipts_aside"))  # noqa: S608 -- of the table
    connection.execute(sa.text("DROP TABLE receipts_aside"))
    for table in ("invoices", "receipts"):
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :table"), {"table": table})
        values = {"table": table, "last": last.get(table, 0)}
        connection.execute(sa.text("INSERT INTO sqlite_sequence VALUES (:table, :last)"), values)
