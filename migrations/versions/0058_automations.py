"""Automations, and what they gave."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

TABLES = ("automations", "automation_grants")


def upgrade() -> None:
    _create_automations()
    _create_grants()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in row_level_security(table):
                op.execute(statement)


def _create(table: str, *parts: Any) -> None:
    op.create_table(
        table,
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        *parts,
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=f"fk_{table}_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("organization_id", "id", name=f"uq_{table}_organization_id_id"),
        sqlite_autoincrement=True,
    )


def _within(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{target}.organization_id", f"{target}.id"],
        name=f"fk_{table}_organization_id_{column}",
        ondelete=ondelete,
    )


def _create_automations() -> None:
    table = "automations"
    _create(
        table,
        sa.Column("occasion", sa.String(length=10), nullable=False),
        sa.Column("days", BigInt, nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=True),
        sa.Column("points", BigInt, nullable=False),
        sa.Column("reward_id", BigInt, nullable=True),
        sa.Column("template_id", BigInt, nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=True),
        sa.Column("ran_on", sa.Date(), nullable=True),
        sa.Column("cursor", BigInt, nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        _within(table, "reward_id", "rewards"),
        _within(table, "template_id", "message_templates"),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=f"fk_{table}_created_by_id"),
    )


def _create_grants() -> None:
    table = "automation_grants"
    _create(
        table,
        sa.Column("automation_id", BigInt, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("occasion", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("points", BigInt, nullable=False),
        sa.Column("voucher_id", BigInt, nullable=True),
        sa.Column("message_id", BigInt, nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=False),
        _within(table, "automation_id", "automations"),
        _within(table, "customer_id", "customers", "CASCADE"),
        sa.UniqueConstraint("organization_id", "key", name=f"uq_{table}_organization_id_key"),
    )
    op.create_index("ix_automation_grants_customer", table, ["organization_id", "customer_id", "automation_id", "day"])
    op.create_index("ix_automation_grants_automation", table, ["organization_id", "automation_id", "id"])
