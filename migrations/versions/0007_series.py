"""Messages that come again: series, and which message is which occurrence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_series",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("wording", sa.JSON(), nullable=False),
        sa.Column("must_arrive", sa.Boolean(), nullable=False),
        sa.Column("frequency", sa.String(length=10), nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("replaced_by_id", BigInt, nullable=True),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_message_series_created_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_message_series_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_message_series_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_series"),
        sa.UniqueConstraint("organization_id", "id", name="uq_message_series_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_series_customer", "message_series", ["organization_id", "customer_id"], unique=False)
    op.create_table(
        "message_occurrences",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("series_id", BigInt, nullable=False),
        sa.Column("message_id", BigInt, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_message_occurrences_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "series_id"],
            ["message_series.organization_id", "message_series.id"],
            name="fk_message_occurrences_organization_id_series_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "message_id"],
            ["messages.organization_id", "messages.id"],
            name="fk_message_occurrences_organization_id_message_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message_occurrences"),
        sa.UniqueConstraint(
            "organization_id", "series_id", "date", name="uq_message_occurrences_organization_id_series_id_date"
        ),
        sa.UniqueConstraint("organization_id", "message_id", name="uq_message_occurrences_organization_id_message_id"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in ("message_series", "message_occurrences"):
            for statement in row_level_security(table):
                op.execute(statement)
