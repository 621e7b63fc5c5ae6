"""What templates and messages that come again are for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("message_templates", "message_series"):
        op.add_column(table, sa.Column("purpose", sa.String(length=10), server_default="service", nullable=False))
