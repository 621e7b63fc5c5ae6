"""Erased customers, the ledger of erased rows, and rules of what is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("erased_at", UtcDateTime(), nullable=True))
    op.create_table(
        "erased_rows",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("erased_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erased_rows"),
        sa.UniqueConstraint("organization_id", "key", name="uq_erased_rows_organization_id_key"),
        sqlite_autoincrement=True,
    )
    _create_rules()
    _create_inactive()
    if op.get_bind().dialect.name == "postgresql":
        for table in ("retention_rules", "inactive_customers"):
            for statement in row_level_security(table):
                op.execute(statement)


def _create_rules() -> None:
    days = ("inactive_months", "messages_days", "inbound_days", "imports_days", "deliveries_days")
    op.create_table(
        "retention_rules",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        *(sa.Column(name, BigInt, nullable=True) for name in days),
        sa.Column("hold_years", BigInt, nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_retention_rules_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_retention_rules"),
        sa.UniqueConstraint("organization_id", name="uq_retention_rules_organization_id"),
        sqlite_autoincrement=True,
    )


def _create_inactive() -> None:
    op.create_table(
        "inactive_customers",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("erase_at", UtcDateTime(), nullable=False),
        sa.Column("kept_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_inactive_customers_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_inactive_customers_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inactive_customers"),
        sa.UniqueConstraint("organization_id", "id", name="uq_inactive_customers_organization_id_id"),
        sa.UniqueConstraint("organization_id", "customer_id", name="uq_inactive_customers_organization_id_customer_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inactive_customers_erase", "inactive_customers", ["organization_id", "erase_at"])
