"""What people should know of a receipt; how much somebody uploaded lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receipts", sa.Column("notice", sa.String(300), nullable=False, server_default=""))
    op.create_index("ix_receipts_uploaded", "receipts", ["organization_id", "created_by_id", "created_at"])
