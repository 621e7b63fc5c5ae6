"""The index of customers by id keeps the time of the next message, which puts what a search has found in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    here = sa.text("archived_at IS NULL")
    op.drop_index("ix_customers_newest", "customers")
    op.create_index(
        "ix_customers_newest",
        "customers",
        ["organization_id", "id", "next_message_at"],
        unique=False,
        postgresql_where=here,
        sqlite_where=here,
    )
