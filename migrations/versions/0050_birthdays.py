"""Birthdays of customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt

revision = "0050"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("birthday", sa.String(length=5), nullable=False, server_default=""))
    op.add_column("customers", sa.Column("birth_year", BigInt, nullable=True))
    op.add_column("customers", sa.Column("birthday_counts_from", sa.Date(), nullable=True))
    there = sa.text("birthday <> '' AND archived_at IS NULL")
    columns = ["organization_id", "birthday", "id"]
    op.create_index("ix_customers_birthday", "customers", columns, postgresql_where=there, sqlite_where=there)
