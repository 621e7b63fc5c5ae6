"""Campaigns that write to each customer at their hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("at_their_hour", sa.Boolean(), nullable=False, server_default=sa.false()))
