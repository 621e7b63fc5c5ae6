"""Web push: browsers of customers, and notices on their way to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0054"
down_revision = "0049"
branch_labels = None
depends_on = None

SUBSCRIPTIONS, NOTICES = "push_subscriptions", "push_notices"


def upgrade() -> None:
    op.create_table(
        SUBSCRIPTIONS,
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("endpoint", sa.String(length=1000), nullable=False),
        sa.Column("endpoint_hash", sa.String(length=64), nullable=False),
        sa.Column("p256dh", sa.String(length=100), nullable=False),
        sa.Column("auth", sa.String(length=30), nullable=False),
        sa.Column("keys", sa.String(length=16), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("organization_id", BigInt, nullable=False),
        _within(SUBSCRIPTIONS, "customer_id", "customers"),
        _of_organization(SUBSCRIPTIONS),
        sa.PrimaryKeyConstraint("id", name=f"pk_{SUBSCRIPTIONS}"),
        sa.UniqueConstraint("organization_id", "id", name=f"uq_{SUBSCRIPTIONS}_organization_id_id"),
        sa.UniqueConstraint(
            "organization_id", "endpoint_hash", name=f"uq_{SUBSCRIPTIONS}_organization_id_endpoint_hash"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{SUBSCRIPTIONS}_customer", SUBSCRIPTIONS, ["organization_id", "customer_id", "id"])
    op.create_table(
        NOTICES,
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("subscription_id", BigInt, nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("body", sa.String(length=400), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("once", sa.String(length=100), nullable=True),
        sa.Column("urgency", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", BigInt, nullable=False),
        sa.Column("status", BigInt, nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("organization_id", BigInt, nullable=False),
        _within(NOTICES, "customer_id", "customers"),
        _within(NOTICES, "subscription_id", SUBSCRIPTIONS),
        _of_organization(NOTICES),
        sa.PrimaryKeyConstraint("id", name=f"pk_{NOTICES}"),
        sa.UniqueConstraint("organization_id", "id", name=f"uq_{NOTICES}_organization_id_id"),
        sa.UniqueConstraint(
            "organization_id", "subscription_id", "once", name=f"uq_{NOTICES}_organization_id_subscription_id_once"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{NOTICES}_customer", NOTICES, ["organization_id", "customer_id", "id"])
    op.create_index(f"ix_{NOTICES}_created", NOTICES, ["organization_id", "created_at"])
    if op.get_bind().dialect.name == "postgresql":
        for table in (SUBSCRIPTIONS, NOTICES):
            for statement in row_level_security(table):
                op.execute(statement)


def _within(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{target}.organization_id", f"{target}.id"],
        name=f"fk_{table}_organization_id_{column}",
        ondelete="CASCADE",
    )


def _of_organization(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id"], ["organizations.id"], name=f"fk_{table}_organization_id", ondelete="CASCADE"
    )
