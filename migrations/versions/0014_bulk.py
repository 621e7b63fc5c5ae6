"""Bulk changes of all that match a list, done in batches by the worker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime
from crm.kernel.tenancy import row_level_security

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CHANGES = sa.table(
    "bulk_changes",
    sa.column("id", BigInt),
    sa.column("organization_id", BigInt),
    sa.column("customer_ids", sa.JSON),
    sa.column("undone_at", UtcDateTime()),
)


def upgrade() -> None:
    for name in ("position", "looked", "changed", "left_out", "put_back"):
        op.add_column("bulk_changes", sa.Column(name, BigInt, server_default="0", nullable=False))
    op.add_column("bulk_changes", sa.Column("query", sa.JSON, nullable=True))
    op.add_column("bulk_changes", sa.Column("excluded", sa.JSON, server_default="[]", nullable=False))
    op.add_column("bulk_changes", sa.Column("as_of", UtcDateTime(), nullable=True))
    op.add_column("bulk_changes", sa.Column("state", sa.String(length=10), server_default="done", nullable=False))
    op.add_column("bulk_changes", sa.Column("total", BigInt, nullable=True))
    op.add_column("bulk_changes", sa.Column("undone_by_id", BigInt, nullable=True))
    op.add_column("bulk_changes", sa.Column("branch_id", BigInt, nullable=True))
    op.create_table(
        "bulk_change_rows",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("change_id", BigInt, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_bulk_change_rows_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "change_id"],
            ["bulk_changes.organization_id", "bulk_changes.id"],
            name="fk_bulk_change_rows_organization_id_change_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_bulk_change_rows_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_change_rows"),
        sa.UniqueConstraint(
            "organization_id",
            "change_id",
            "customer_id",
            name="uq_bulk_change_rows_organization_id_change_id_customer_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_bulk_change_rows_customer", "bulk_change_rows", ["organization_id", "customer_id"])
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        for statement in row_level_security("bulk_change_rows"):
            op.execute(statement)
    for organization_id in list(op.get_bind().scalars(sa.text("SELECT id FROM organizations ORDER BY id"))):
        if is_postgresql:
            setting = sa.text("SELECT set_config('app.organization_id', :id, true)")
            op.get_bind().execute(setting, {"id": str(organization_id)})
        _move(organization_id)


def _move(organization_id: int) -> None:
    """Give the customers whom earlier changes name rows of their own, so that those can still be undone."""
    connection = op.get_bind()
    insert = sa.text(
        "INSERT INTO bulk_change_rows (organization_id, change_id, customer_id)"
        " SELECT organization_id, :change, id FROM customers WHERE organization_id = :organization AND id = :id"
    )
    mine = sa.select(CHANGES).where(CHANGES.c.organization_id == organization_id).order_by(CHANGES.c.id)
    for change in connection.execute(mine).all():
        rows = [
            {"change": change.id, "organization": organization_id, "id": id_}
            for id_ in sorted(set(change.customer_ids))
            if isinstance(id_, int)
        ]
        if rows and change.undone_at is None:
            connection.execute(insert, rows)
        number = {"number": len(rows), "change": change.id}
        connection.execute(
            sa.text("UPDATE bulk_changes SET changed = :number, looked = :number, total = :number WHERE id = :change"),
            number,
        )
    connection.execute(
        sa.text(
            "UPDATE bulk_changes SET state = 'undone' WHERE undone_at IS NOT NULL AND organization_id = :organization"
        ),
        {"organization": organization_id},
    )
