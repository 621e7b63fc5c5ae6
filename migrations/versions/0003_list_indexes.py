"""Indexes of the list's filters, in the order of the list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ORDER = ["next_message_at", sa.text("id DESC")]


def upgrade() -> None:
    for name in ("archived", "city", "province", "branch"):
        op.drop_index(f"ix_customers_{name}", "customers")
    op.create_index(
        "ix_customers_branch", "customers", ["organization_id", "branch_id", "archived_at", *ORDER], unique=False
    )
    _create("archived", "is_active", "archived_at IS NOT NULL")
    for name, column in (("active", "is_active"), ("city", "city_key"), ("province", "province_key")):
        _create(name, column, "archived_at IS NULL")


def _create(name: str, column: str, condition: str) -> None:
    op.create_index(
        f"ix_customers_{name}",
        "customers",
        ["organization_id", column, *ORDER],
        unique=False,
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
    )
