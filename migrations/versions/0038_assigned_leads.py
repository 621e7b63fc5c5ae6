"""Who a lead is assigned to; open leads by their next follow-up, and events by the rows of a lead they are about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0035"
branch_labels = None
depends_on = None

OPEN = sa.text("status IN ('new', 'contacted')")
NOT_LOST = sa.text("status <> 'lost' AND next_follow_up_at IS NOT NULL")
OF_LEADS = sa.text("subject IN ('leads', 'follow_ups', 'loan_commitments', 'notes')")


def upgrade() -> None:
    # In one statement with its constraint: SQLite would make the table anew, and delete what belongs to leads.
    number = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE leads ADD COLUMN assigned_to_id {number} CONSTRAINT fk_leads_assigned_to_id REFERENCES users (id)"
    )
    op.drop_index("ix_leads_follow_up", "leads")
    _index("ix_leads_follow_up", "leads", ["organization_id", "next_follow_up_at", "id"], NOT_LOST)
    _index("ix_leads_open", "leads", ["organization_id", "next_follow_up_at", "id"], OPEN)
    op.create_index("ix_leads_assigned", "leads", ["organization_id", "assigned_to_id", "status", "id"])
    _index("ix_events_of_leads", "events", ["organization_id", "subject", "subject_id", "id"], OF_LEADS)


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, postgresql_where=where, sqlite_where=where)
