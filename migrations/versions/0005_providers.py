"""Providers: numbers to send from, secrets, messages that must arrive, notices of refused senders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("sms_from", "whatsapp_from"):
        op.add_column("organizations", sa.Column(column, sa.String(length=40), server_default="", nullable=False))
    for column in ("must_arrive", "sent_again"):
        op.add_column("messages", sa.Column(column, sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("blocked_senders", sa.Column("dismissed_at", UtcDateTime(), nullable=True))
    op.create_table(
        "organization_secrets",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_organization_secrets_organization_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_organization_secrets"),
        sa.UniqueConstraint("organization_id", "name", name="uq_organization_secrets_organization_id_name"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("organization_secrets"):
            op.execute(statement)
