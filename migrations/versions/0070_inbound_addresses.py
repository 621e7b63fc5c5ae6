"""Room for the e-mail addresses of those who reported a message as spam."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("inbound_messages", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.alter_column(
            "sender", existing_type=sa.String(length=60), type_=sa.String(length=254), existing_nullable=False
        )
