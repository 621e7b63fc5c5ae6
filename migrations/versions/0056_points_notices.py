"""Notices before points end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("loyalty_settings", sa.Column("notices", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("loyalty_settings", sa.Column("notices_given", sa.JSON(), nullable=True))
