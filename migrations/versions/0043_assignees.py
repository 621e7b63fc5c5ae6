"""The leads of one person in the orders of their tabs, and bookings of several days by their last one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0045"
branch_labels = None
depends_on = None

ASSIGNED = "assigned_to_id IS NOT NULL"
OPEN = f"{ASSIGNED} AND status IN ('new', 'contacted')"
NOT_LOST = f"{ASSIGNED} AND status <> 'lost' AND next_follow_up_at IS NOT NULL"


def upgrade() -> None:
    _index("ix_leads_assigned_latest", "leads", ["assigned_to_id", "id"], ASSIGNED)
    _index("ix_leads_assigned_open", "leads", ["assigned_to_id", "next_follow_up_at", "id"], OPEN)
    _index("ix_leads_assigned_next", "leads", ["assigned_to_id", "next_follow_up_at", "id"], NOT_LOST)
    _index("ix_bookings_days", "bookings", ["ends_on", "date"], "date_until IS NOT NULL")


def _index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, ["organization_id", *columns], postgresql_where=where, sqlite_where=where)
