"""What requests of providers are looked up by, and what becomes of test messages.

Organizations say whose Twilio account they use, and when their secrets changed; a place of an attempt, whom it wrote
to. What organizations had before counts as an account of their own where they had entered any part of one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0023"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("twilio_account", sa.String(64), server_default="", nullable=False))
    op.add_column("organizations", sa.Column("secrets_stamp", sa.String(32), server_default="", nullable=False))
    _mark_organizations()
    op.add_column("attempt_places", sa.Column("recipient_key", sa.String(32), nullable=True))
    op.create_index("ix_attempt_places_recipient_key_attempt_id", "attempt_places", ["recipient_key", "attempt_id"])
    op.add_column("blocked_senders", sa.Column("by_report", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "whatsapp_ids",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_whatsapp_ids_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_whatsapp_ids"),
        sa.UniqueConstraint("organization_id", "name", name="uq_whatsapp_ids_organization_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sender_tests",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("gateway", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("started_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_sender_tests_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sender_tests"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sender_tests_organization_id_id", "sender_tests", ["organization_id", "id"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("whatsapp_ids"):
            op.execute(statement)


def _mark_organizations() -> None:
    """Say which organizations have an account of their own; only the key of their secrets could say which one."""
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE organizations SET secrets_stamp = 'before'"))
    own = sa.text("SELECT count(*) FROM organization_secrets WHERE organization_id = :id AND name LIKE 'twilio_%'")
    mark = sa.text("UPDATE organizations SET twilio_account = :account WHERE id = :id")
    for id_ in connection.scalars(sa.text("SELECT id FROM organizations ORDER BY id")).all():
        _enter(connection, str(id_))
        if connection.scalar(own, {"id": id_}):
            connection.execute(mark, {"account": f"own-{id_}", "id": id_})
    _enter(connection, "")


def _enter(connection: sa.Connection, organization_id: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.set_config("app.organization_id", organization_id, True)))
