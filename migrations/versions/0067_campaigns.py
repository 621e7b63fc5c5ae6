"""Campaigns and their recipients."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

TABLES = ("campaigns", "campaign_recipients")


def upgrade() -> None:
    _create_campaigns()
    _create_recipients()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in row_level_security(table):
                op.execute(statement)


def _create(table: str, *parts: Any) -> None:
    op.create_table(
        table,
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        *parts,
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


def _create_campaigns() -> None:
    table = "campaigns"
    _create(
        table,
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("segment_id", BigInt, nullable=True),
        sa.Column("customer_ids", sa.JSON(), nullable=False),
        sa.Column("query", sa.JSON(), nullable=True),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("template_id", BigInt, nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("wording", sa.JSON(), nullable=True),
        sa.Column("send_at", UtcDateTime(), nullable=True),
        sa.Column("hold_out", BigInt, nullable=True),
        sa.Column("draw_key", sa.String(length=32), nullable=False),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("resumed_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        _within(table, "template_id", "message_templates"),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name=f"fk_{table}_created_by_id"),
    )
    op.create_index("ix_campaigns_segment", table, ["organization_id", "segment_id"])


def _create_recipients() -> None:
    table = "campaign_recipients"
    _create(
        table,
        sa.Column("campaign_id", BigInt, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("skip", sa.String(length=15), nullable=True),
        sa.Column("address_key", sa.String(length=40), nullable=True),
        sa.Column("message_id", BigInt, nullable=True),
        sa.Column("is_compared", sa.Boolean(), server_default=sa.true(), nullable=False),
        _within(table, "campaign_id", "campaigns", "CASCADE"),
        _within(table, "customer_id", "customers", "CASCADE"),
        sa.UniqueConstraint(
            "organization_id", "campaign_id", "customer_id", name=f"uq_{table}_organization_id_campaign_id_customer_id"
        ),
        sa.UniqueConstraint(
            "organization_id", "campaign_id", "address_key", name=f"uq_{table}_organization_id_campaign_id_address_key"
        ),
    )
    op.create_index("ix_campaign_recipients_customer", table, ["organization_id", "customer_id"])
    op.create_index("ix_campaign_recipients_message", table, ["organization_id", "message_id"])
    op.create_index(
        "ix_campaign_recipients_part", table, ["organization_id", "campaign_id", "part", "message_id", "id"]
    )
