"""What customers were before a bulk change, and the branch that they are moved to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, Json

revision = "0042"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bulk_changes", sa.Column("to_branch_id", BigInt, nullable=True))
    op.add_column("bulk_change_rows", sa.Column("before", Json, server_default="{}", nullable=False))
