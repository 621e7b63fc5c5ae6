"""What WhatsApp approved templates for, how many people it lets an organization write to, and to whom that was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message_templates", sa.Column("category", sa.String(length=15), server_default="", nullable=False))
    op.add_column("organizations", sa.Column("whatsapp_limit", BigInt, server_default="250", nullable=False))
    op.create_table(
        "reached_users",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("user_key", sa.String(length=40), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_reached_users_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reached_users"),
        sa.UniqueConstraint(
            "organization_id", "channel", "user_key", name="uq_reached_users_organization_id_channel_user_key"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reached_users_time", "reached_users", ["organization_id", "channel", "created_at"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("reached_users"):
            op.execute(statement)
