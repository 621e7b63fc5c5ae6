"""Wallets: phones with a customer's card, and cards that Google keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0055"
down_revision = "0051"
branch_labels = None
depends_on = None

DEVICES, CARDS = "wallet_devices", "wallet_cards"


def upgrade() -> None:
    op.create_table(
        DEVICES,
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("device", sa.String(length=100), nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("push_token", sa.String(length=200), nullable=False),
        *_columns(DEVICES),
        sa.UniqueConstraint("organization_id", "device", "serial", name=f"uq_{DEVICES}_organization_id_device_serial"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        CARDS,
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("serial", sa.String(length=60), nullable=False),
        sa.Column("points", BigInt, nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("is_voided", sa.Boolean(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        *_columns(CARDS),
        sa.UniqueConstraint("organization_id", "serial", name=f"uq_{CARDS}_organization_id_serial"),
        sqlite_autoincrement=True,
    )
    for table in (DEVICES, CARDS):
        op.create_index(f"ix_{table}_customer", table, ["organization_id", "customer_id", "id"])
        if op.get_bind().dialect.name == "postgresql":
            for statement in row_level_security(table):
                op.execute(statement)


def _columns(table: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    return (
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name=f"fk_{table}_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=f"fk_{table}_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("organization_id", "id", name=f"uq_{table}_organization_id_id"),
    )
