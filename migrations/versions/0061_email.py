"""E-mail as a channel: who may be written to, by what it is sent, subjects, and room for addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0059"
branch_labels = None
depends_on = None

AUTOINCREMENT = {"sqlite_autoincrement": True}
ADDRESS = sa.String(length=254)


def upgrade() -> None:
    op.add_column("customers", sa.Column("email_allowed", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column(
        "organizations", sa.Column("email_gateway", sa.String(length=20), server_default="manual", nullable=False)
    )
    for column in ("email_from", "email_reply_to"):
        op.add_column("organizations", sa.Column(column, ADDRESS, server_default="", nullable=False))
    for table in ("messages", "message_templates"):
        op.add_column(table, sa.Column("subject", sa.String(length=200), server_default="", nullable=False))
    _widen_recipients()
    with op.batch_alter_table("suppressions", table_kwargs=AUTOINCREMENT) as batch:
        batch.alter_column("address", existing_type=sa.String(length=60), type_=ADDRESS, existing_nullable=False)
        batch.add_column(sa.Column("purpose", sa.String(length=10), server_default="all", nullable=False))


def _widen_recipients() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("attempts", "recipient", type_=ADDRESS, existing_nullable=False)
        return
    # Making the table anew, as SQLite changes columns, would take the reports about attempts away with it.
    op.add_column("attempts", sa.Column("wider", ADDRESS, server_default="", nullable=False))
    op.execute("UPDATE attempts SET wider = recipient")
    op.execute("ALTER TABLE attempts DROP COLUMN recipient")
    op.execute("ALTER TABLE attempts RENAME COLUMN wider TO recipient")
