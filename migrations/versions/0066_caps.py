"""How much advertising a customer gets, and whether buyers count as having agreed to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("cap_day", BigInt, server_default="1", nullable=False))
    op.add_column("organizations", sa.Column("cap_month", BigInt, server_default="4", nullable=False))
    op.add_column("organizations", sa.Column("soft_opt_in", sa.Boolean(), server_default=sa.false(), nullable=False))
