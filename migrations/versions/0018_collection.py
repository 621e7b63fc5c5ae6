"""Scans, calls of other systems, and merges of customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("scans", "webhook_calls", "merges")


def upgrade() -> None:
    op.create_table(
        "scans",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("cutoff_days", BigInt, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("position_at", UtcDateTime(), nullable=True),
        sa.Column("position_id", BigInt, nullable=False),
        sa.Column("total", BigInt, nullable=False),
        sa.Column("done", BigInt, nullable=False),
        sa.Column("created", BigInt, nullable=False),
        sa.Column("updated", BigInt, nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_scans_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_scans_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_scans"),
        sa.UniqueConstraint("organization_id", "id", name="uq_scans_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webhook_calls",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_webhook_calls_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_calls"),
        sa.UniqueConstraint("organization_id", "key", name="uq_webhook_calls_organization_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_calls_age", "webhook_calls", ["organization_id", "created_at"], unique=False)
    op.create_table(
        "merges",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("kept_id", BigInt, nullable=False),
        sa.Column("gone_id", BigInt, nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("merged_by_id", BigInt, nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["merged_by_id"], ["users.id"], name="fk_merges_merged_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id", "gone_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_merges_organization_id_gone_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "kept_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_merges_organization_id_kept_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_merges_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["undone_by_id"], ["users.id"], name="fk_merges_undone_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
        sa.UniqueConstraint("organization_id", "id", name="uq_merges_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_merges_gone", "merges", ["organization_id", "gone_id", "id"], unique=False)
    op.create_index("ix_merges_kept", "merges", ["organization_id", "kept_id", "id"], unique=False)
    op.add_column("customers", sa.Column("merged_into_id", BigInt, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in row_level_security(table):
                op.execute(statement)
