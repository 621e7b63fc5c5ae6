"""Since when an organization's new domain sends marketing slowly."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("warm_up_since", sa.Date(), nullable=True))
