"""The ledger of points, with each customer's balance and tier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("loyalty_points", BigInt, server_default="0", nullable=False))
    op.add_column("customers", sa.Column("tier", sa.String(length=10), server_default="bronze", nullable=False))
    op.create_index(
        "ix_customers_tier",
        "customers",
        ["organization_id", "tier", "next_message_at", sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "points_entries",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("asked", BigInt, nullable=False),
        sa.Column("applied", BigInt, nullable=False),
        sa.Column("balance", BigInt, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("reverses_id", BigInt, nullable=True),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.CheckConstraint("balance >= 0", name="ck_points_entries_balance"),
        sa.CheckConstraint(
            "applied = asked OR (asked < applied AND applied <= 0 AND balance = 0)", name="ck_points_entries_applied"
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_points_entries_created_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_points_entries_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_points_entries_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "reverses_id"],
            ["points_entries.organization_id", "points_entries.id"],
            name="fk_points_entries_organization_id_reverses_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_points_entries"),
        sa.UniqueConstraint("organization_id", "id", name="uq_points_entries_organization_id_id"),
        sa.UniqueConstraint("organization_id", "key", name="uq_points_entries_organization_id_key"),
        sa.UniqueConstraint("organization_id", "reverses_id", name="uq_points_entries_organization_id_reverses_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_points_entries_customer", "points_entries", ["organization_id", "customer_id", "id"], unique=False
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("points_entries"):
            op.execute(statement)
