"""Tokens of webhooks that count once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import UtcDateTime, db_now

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spent_tokens",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_spent_tokens")),
    )
    op.create_index(op.f("ix_spent_tokens_created_at"), "spent_tokens", ["created_at"])
