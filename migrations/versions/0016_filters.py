"""Indexes of two filters together, where one of them alone would read many rows for the few of the other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    here = sa.text("archived_at IS NULL")
    for name, column in (("tier_active", "tier"), ("branch_active", "branch_id")):
        op.create_index(
            f"ix_customers_{name}",
            "customers",
            ["organization_id", column, "is_active", "next_message_at", sa.text("id DESC")],
            unique=False,
            postgresql_where=here,
            sqlite_where=here,
        )
    _refresh_statistics()


def _refresh_statistics() -> None:
    """Let SQLite count anew where it has counted: it takes an index without statistics for a very good one."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite" and sa.inspect(connection).has_table("sqlite_stat1"):
        op.execute("ANALYZE")
