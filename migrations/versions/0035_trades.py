"""What an organization runs and uses, what is done of its first hour, and when a member was last seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import UtcDateTime

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("trade", sa.String(12), nullable=False, server_default="travel"))
    op.add_column("organizations", sa.Column("uses", sa.String(200), nullable=False, server_default=""))
    op.add_column("organizations", sa.Column("first_hour", sa.String(60), nullable=False, server_default=""))
    # Who works here already needs no first steps.
    op.execute("UPDATE organizations SET first_hour = 'dismissed'")
    op.add_column("memberships", sa.Column("seen_at", UtcDateTime(), nullable=True))
