"""What intake remembers: further values that customers are known by, and who may be the same person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_keys",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=254), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_customer_keys_organization_id", ondelete="CASCADE"
        ),
        _customer("customer_keys", "customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_keys"),
        sa.UniqueConstraint("organization_id", "value", "kind", "customer_id", name="uq_customer_keys_value"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_keys_customer", "customer_keys", ["organization_id", "customer_id"], unique=False)
    op.create_table(
        "duplicates",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("first_id", BigInt, nullable=False),
        sa.Column("second_id", BigInt, nullable=False),
        sa.Column("shared", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=254), nullable=False),
        sa.Column("doubt", sa.String(length=10), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["decided_by_id"], ["users.id"], name="fk_duplicates_decided_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_duplicates_organization_id", ondelete="CASCADE"
        ),
        _customer("duplicates", "first_id"),
        _customer("duplicates", "second_id"),
        sa.PrimaryKeyConstraint("id", name="pk_duplicates"),
        sa.UniqueConstraint("organization_id", "id", name="uq_duplicates_organization_id_id"),
        sa.UniqueConstraint("organization_id", "first_id", "second_id", name="uq_duplicates_pair"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_duplicates_second", "duplicates", ["organization_id", "second_id"], unique=False)
    op.create_index("ix_duplicates_decision", "duplicates", ["organization_id", "decision", "id"], unique=False)
    given = sa.text("passport_number <> ''")
    op.create_index(
        "ix_customers_passport",
        "customers",
        ["organization_id", "passport_number"],
        unique=False,
        postgresql_where=given,
        sqlite_where=given,
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in ("customer_keys", "duplicates"):
            for statement in row_level_security(table):
                op.execute(statement)


def _customer(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        ["customers.organization_id", "customers.id"],
        name=f"fk_{table}_organization_id_{column}",
        ondelete="CASCADE",
    )
