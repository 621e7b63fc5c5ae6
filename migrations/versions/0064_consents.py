"""Consent for marketing, the changes that prove it, and what a message is for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

CODE = sa.String(length=10)


def upgrade() -> None:
    op.add_column("messages", sa.Column("purpose", CODE, server_default="service", nullable=False))
    for column in ("marketing_sms", "marketing_whatsapp", "marketing_email"):
        op.add_column("customers", sa.Column(column, CODE, server_default="not_asked", nullable=False))
        agreed = sa.text(f"{column} = 'given' AND archived_at IS NULL")
        op.create_index(
            f"ix_customers_{column}",
            "customers",
            ["organization_id", "next_message_at", sa.text("id DESC")],
            postgresql_where=agreed,
            sqlite_where=agreed,
        )
    op.create_table(
        "consent_changes",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("channel", CODE, nullable=False),
        sa.Column("purpose", CODE, nullable=False),
        sa.Column("state", CODE, nullable=False),
        sa.Column("source", sa.String(length=15), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_consent_changes_created_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_consent_changes_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_consent_changes_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consent_changes"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_consent_changes_customer", "consent_changes", ["organization_id", "customer_id", "id"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("consent_changes"):
            op.execute(statement)
