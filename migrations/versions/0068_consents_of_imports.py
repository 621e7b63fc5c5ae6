"""Which import changed a consent, so that its undo takes the proof away too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consent_changes", sa.Column("import_id", BigInt, nullable=True))
