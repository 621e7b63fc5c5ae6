"""Links to a customer's own page, the browsers that they let in, cards, codes, and wishes to be erased."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0052"
down_revision = "0048"
branch_labels = None
depends_on = None

TABLES = ("customer_links", "customer_sessions", "customer_cards", "customer_codes", "erasure_requests")


def upgrade() -> None:
    _create_links()
    _create_sessions()
    _create_cards()
    _create_codes()
    _create_requests()
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
        sqlite_autoincrement=True,
    )


def _within(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{target}.organization_id", f"{target}.id"],
        name=f"fk_{table}_organization_id_{column}",
        ondelete="CASCADE",
    )


def _by_user(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["users.id"], name=f"fk_{table}_{column}")


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint("organization_id", column, name=f"uq_{table}_organization_id_{column}")


def _create_links() -> None:
    table = "customer_links"
    _create(
        table,
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("scope", sa.String(length=10), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by_id", BigInt, nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        _within(table, "customer_id", "customers"),
        _by_user(table, "created_by_id"),
        _by_user(table, "revoked_by_id"),
        _unique(table, "id"),
        _unique(table, "token_hash"),
    )
    op.create_index("ix_customer_links_customer", table, ["organization_id", "customer_id", "id"])


def _create_sessions() -> None:
    table = "customer_sessions"
    _create(
        table,
        sa.Column("link_id", BigInt, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        _within(table, "link_id", "customer_links"),
        _unique(table, "id"),
        _unique(table, "token_hash"),
    )
    op.create_index("ix_customer_sessions_link", table, ["organization_id", "link_id"])


def _create_cards() -> None:
    table = "customer_cards"
    _create(
        table,
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        _within(table, "customer_id", "customers"),
        _unique(table, "code"),
    )
    op.create_index("ix_customer_cards_customer", table, ["organization_id", "customer_id", "id"])


def _create_codes() -> None:
    table = "customer_codes"
    _create(
        table,
        sa.Column("session_id", BigInt, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("tries", BigInt, nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        _within(table, "session_id", "customer_sessions"),
    )
    op.create_index("ix_customer_codes_session", table, ["organization_id", "session_id"])


def _create_requests() -> None:
    table = "erasure_requests"
    _create(
        table,
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by_id", BigInt, nullable=True),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        _within(table, "customer_id", "customers"),
        _by_user(table, "done_by_id"),
        _unique(table, "id"),
    )
    op.create_index("ix_erasure_requests_customer", table, ["organization_id", "customer_id"])
    open_ones = sa.text("done_at IS NULL")
    op.create_index(
        "ix_erasure_requests_due",
        table,
        ["organization_id", "due_at", "id"],
        postgresql_where=open_ones,
        sqlite_where=open_ones,
    )
