"""Opt-outs, reports of providers, inbound texts, and when a message was delivered and read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT_TABLES = ("suppressions", "stop_words", "reports", "inbound_messages")


def upgrade() -> None:
    for column in ("delivered_at", "read_at"):
        op.add_column("messages", sa.Column(column, UtcDateTime(), nullable=True))
    op.create_table(
        "suppressions",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        *_of_organization("suppressions"),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_suppressions_created_by_id"),
        sa.UniqueConstraint("organization_id", "phone", name="uq_suppressions_organization_id_phone"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "stop_words",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        *_of_organization("stop_words"),
        sa.UniqueConstraint("organization_id", "word", name="uq_stop_words_organization_id_word"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "attempt_places",
        sa.Column("attempt_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "attempt_id"],
            ["attempts.organization_id", "attempts.id"],
            name="fk_attempt_places_organization_id_attempt_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_attempt_places_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_attempt_places"),
    )
    op.create_table(
        "reports",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("attempt_id", BigInt, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.String(length=100), nullable=False),
        sa.Column("error_code", sa.String(length=40), nullable=True),
        sa.Column("said_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        *_of_organization("reports"),
        sa.ForeignKeyConstraint(
            ["organization_id", "attempt_id"],
            ["attempts.organization_id", "attempts.id"],
            name="fk_reports_organization_id_attempt_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("organization_id", "attempt_id", "key", name="uq_reports_organization_id_attempt_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "inbound_messages",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("provider_id", sa.String(length=100), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("sender", sa.String(length=60), nullable=False),
        sa.Column("recipient", sa.String(length=60), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("effect", sa.String(length=10), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        *_of_organization("inbound_messages"),
        sa.UniqueConstraint(
            "organization_id",
            "gateway",
            "provider_id",
            name="uq_inbound_messages_organization_id_gateway_provider_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_inbound_messages_sender", "inbound_messages", ["organization_id", "sender", "sent_at"], unique=False
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in TENANT_TABLES:
            for statement in row_level_security(table):
                op.execute(statement)


def _of_organization(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Return what every table of an organization has: its id as the key, and whose it is."""
    return (
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=f"fk_{table}_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
