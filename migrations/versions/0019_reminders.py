"""Indexes of reminders in the whole order that they are read in, on PostgreSQL.

Without the id another index was the only one in that order, and was taken: it goes through all messages of the past.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ATTENTION = "'expired', 'failed', 'reminder', 'unconfirmed', 'undelivered'"
OPEN = "'claimed', 'held', 'reminder', 'retry_wait', 'scheduled', 'submitting', 'unconfirmed', 'unknown'"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for name, statuses in (("ix_messages_attention", ATTENTION), ("ix_messages_open", OPEN)):
        op.drop_index(name, "messages")
        condition = sa.text(f"acknowledged_at IS NULL AND status IN ({statuses})")
        op.create_index(
            name, "messages", ["organization_id", "send_at", "id"], unique=False, postgresql_where=condition
        )
