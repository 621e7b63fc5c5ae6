"""Notes and logged calls about customers and leads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0039"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=True),
        sa.Column("lead_id", BigInt, nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        _within("customer_id", "customers"),
        _within("lead_id", "leads"),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_notes_created_by_id"),
        sa.ForeignKeyConstraint(["deleted_by_id"], ["users.id"], name="fk_notes_deleted_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_notes_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        sa.UniqueConstraint("organization_id", "id", name="uq_notes_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notes_customer", "notes", ["organization_id", "customer_id", "id"])
    op.create_index("ix_notes_lead", "notes", ["organization_id", "lead_id", "id"])
    op.create_index("ix_notes_deleted", "notes", ["organization_id", "deleted_at"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("notes"):
            op.execute(statement)


def _within(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{table}.organization_id", f"{table}.id"],
        name=f"fk_notes_organization_id_{column}",
        ondelete="CASCADE",
    )
