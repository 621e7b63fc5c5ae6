"""Badges, and who has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "badges",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("picture", sa.String(length=20), nullable=False),
        sa.Column("metric", sa.String(length=20), nullable=False),
        sa.Column("target", BigInt, nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("period_days", BigInt, nullable=True),
        sa.Column("times", BigInt, nullable=True),
        sa.Column("reward", sa.String(length=10), nullable=False),
        sa.Column("points", BigInt, nullable=True),
        sa.Column("reward_id", BigInt, nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.CheckConstraint("target > 0", name="ck_badges_target"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_badges_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_badges"),
        sa.UniqueConstraint("organization_id", "id", name="uq_badges_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "badge_grants",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("badge_id", BigInt, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("given", sa.String(length=10), nullable=False),
        sa.Column("given_key", sa.String(length=60), nullable=False),
        sa.Column("voucher_id", BigInt, nullable=True),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_badge_grants_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "badge_id"],
            ["badges.organization_id", "badges.id"],
            name="fk_badge_grants_organization_id_badge_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_badge_grants_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_badge_grants"),
        sa.UniqueConstraint("organization_id", "id", name="uq_badge_grants_organization_id_id"),
        sa.UniqueConstraint("organization_id", "key", name="uq_badge_grants_organization_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_badge_grants_customer", "badge_grants", ["organization_id", "customer_id"])
    op.create_index("ix_badge_grants_badge", "badge_grants", ["organization_id", "badge_id"])
    if op.get_bind().dialect.name == "postgresql":
        for table in ("badges", "badge_grants"):
            for statement in row_level_security(table):
                op.execute(statement)
