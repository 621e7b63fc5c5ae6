"""Versions of a template by language: its name is given once in each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0040"
branch_labels = None
depends_on = None

NAME, KEPT = "uq_message_templates_name", sa.text("deleted_at IS NULL")


def upgrade() -> None:
    op.drop_index(NAME, table_name="message_templates")
    op.create_index(
        NAME,
        "message_templates",
        ["organization_id", "name_key", "language"],
        unique=True,
        postgresql_where=KEPT,
        sqlite_where=KEPT,
    )
