"""What was done with many reminders at once, for its undo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, Json, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0041"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminder_changes",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("undo", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_reminder_changes_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_reminder_changes_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_reminder_changes"),
        sa.UniqueConstraint("organization_id", "id", name="uq_reminder_changes_organization_id_id"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("reminder_changes"):
            op.execute(statement)
