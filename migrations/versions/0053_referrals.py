"""Referrals, and the codes by which customers bring others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0053"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("referral_code", sa.String(length=8), nullable=True))
    has_one = sa.text("referral_code IS NOT NULL")
    op.create_index(
        "uq_customers_referral_code",
        "customers",
        ["organization_id", "referral_code"],
        unique=True,
        postgresql_where=has_one,
        sqlite_where=has_one,
    )
    _create_codes()
    _create_referrals()
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("referrals"):
            op.execute(statement)


def _create_codes() -> None:
    op.create_table(
        "referral_codes",
        sa.Column("customer_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_referral_codes_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", name="pk_referral_codes"),
        sa.UniqueConstraint("organization_id", "code", name="uq_referral_codes_organization_id_code"),
    )
    op.create_index("ix_referral_codes_code", "referral_codes", ["code"])


def _create_referrals() -> None:
    op.create_table(
        "referrals",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("referrer_id", BigInt, nullable=False),
        sa.Column("friend_id", BigInt, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reasons", sa.String(length=100), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        sa.Column("invoice_id", BigInt, nullable=True),
        *(
            sa.Column(name, BigInt, nullable=False)
            for name in ("grants", "friend_grant", "referrer_grant", "friend_points", "referrer_points")
        ),
        sa.Column("joined_at", UtcDateTime(), nullable=False),
        sa.Column("qualified_at", UtcDateTime(), nullable=True),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["organization_id", column],
                ["customers.organization_id", "customers.id"],
                name=f"fk_referrals_organization_id_{column}",
                ondelete="CASCADE",
            )
            for column in ("referrer_id", "friend_id")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name="fk_referrals_decided_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_referrals_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_referrals"),
        sa.UniqueConstraint("organization_id", "id", name="uq_referrals_organization_id_id"),
        sa.UniqueConstraint("organization_id", "friend_id", name="uq_referrals_organization_id_friend_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_referrals_referrer", "referrals", ["organization_id", "referrer_id", "joined_at"])
    op.create_index("ix_referrals_state", "referrals", ["organization_id", "state", "id"])
