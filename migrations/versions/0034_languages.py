"""The language of a user and of an organization, and whether single keys act."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("users", "organizations"):
        op.add_column(table, sa.Column("language", sa.String(10), nullable=False, server_default="auto"))
    op.add_column("users", sa.Column("single_keys", sa.Boolean(), nullable=False, server_default=sa.true()))
