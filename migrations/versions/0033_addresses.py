"""Opt-outs by address: the kind of an address beside it, which has been a phone number so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0030"
branch_labels = None
depends_on = None


NAME, COLUMNS = "uq_suppressions_organization_id_kind_address", ["organization_id", "kind", "address"]


def upgrade() -> None:
    with op.batch_alter_table("suppressions", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint("uq_suppressions_organization_id_phone", type_="unique")
        batch.alter_column("phone", new_column_name="address")
        batch.add_column(sa.Column("kind", sa.String(10), nullable=False, server_default="phone"))
    # SQLite makes the table anew each time, and finds the new name only once it is there.
    with op.batch_alter_table("suppressions", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.create_unique_constraint(NAME, COLUMNS)
