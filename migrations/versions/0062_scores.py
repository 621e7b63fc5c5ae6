"""Scores of customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime
from crm.kernel.tenancy import row_level_security

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_scores",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("days_ever", BigInt, nullable=False),
        sa.Column("spent_ever", BigInt, nullable=False),
        sa.Column("purchase_days", BigInt, nullable=False),
        sa.Column("spent", BigInt, nullable=False),
        sa.Column("gap_days", BigInt, nullable=True),
        sa.Column("r", BigInt, nullable=True),
        sa.Column("f", BigInt, nullable=True),
        sa.Column("m", BigInt, nullable=True),
        sa.Column("rfm_group", sa.String(length=20), nullable=True),
        sa.Column("is_slipping", sa.Boolean(), nullable=False),
        sa.Column("cohort", sa.String(length=7), nullable=False),
        sa.Column("months", BigInt, nullable=False),
        sa.Column("back_after", BigInt, nullable=True),
        sa.Column("comes_back", BigInt, nullable=True),
        sa.Column("expected", BigInt, nullable=True),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_customer_scores_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_customer_scores_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_scores"),
        sa.UniqueConstraint("organization_id", "customer_id", name="uq_customer_scores_organization_id_customer_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_scores_group", "customer_scores", ["organization_id", "rfm_group", "customer_id"])
    op.create_index(
        "ix_customer_scores_cohort",
        "customer_scores",
        ["organization_id", "cohort", "months", "back_after", "customer_id"],
    )
    op.create_table(
        "score_runs",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.Column("buyers", BigInt, nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_score_runs_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_score_runs"),
        sa.UniqueConstraint("organization_id", name="uq_score_runs_organization_id"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in ("customer_scores", "score_runs"):
            for statement in row_level_security(table):
                op.execute(statement)
