"""Backups, the names that organizations and messages keep through them, and what was sent by which name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("organizations", "messages"):
        _add_uid(table)
    op.add_column("organizations", _flag("sending_paused"))
    op.add_column("organizations", sa.Column("restored_at", UtcDateTime(), nullable=True))
    op.add_column("organizations", sa.Column("restoring_until", UtcDateTime(), nullable=True))
    op.add_column("organizations", sa.Column("resuming", sa.String(10), nullable=False, server_default=""))
    op.add_column("organizations", sa.Column("resuming_from", UtcDateTime(), nullable=True))
    op.add_column("messages", sa.Column("before_restore", sa.JSON(), nullable=True))
    op.create_table(
        "sent_messages",
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_sent_messages"),
    )
    op.create_index("ix_sent_messages_sent_at", "sent_messages", ["sent_at"])
    op.create_table(
        "installations",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installations"),
        sqlite_autoincrement=True,
    )
    _create_backups()


def _create_backups() -> None:
    op.create_table(
        "backups",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("key", sa.String(200), nullable=False, server_default=""),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("backed_up_at", UtcDateTime(), nullable=True),
        sa.Column("size", BigInt, nullable=False, server_default="0"),
        sa.Column("rows", BigInt, nullable=False, server_default="0"),
        sa.Column("files", BigInt, nullable=False, server_default="0"),
        sa.Column("sha256", sa.String(64), nullable=False, server_default=""),
        sa.Column("reason", sa.String(300), nullable=False, server_default=""),
        sa.Column("verified_at", UtcDateTime(), nullable=True),
        sa.Column("drilled_at", UtcDateTime(), nullable=True),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_backups_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_backups_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_backups"),
        sa.UniqueConstraint("organization_id", "id", name="uq_backups_organization_id_id"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("backups"):
            op.execute(statement)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _add_uid(table: str) -> None:
    """Give each row a name: PostgreSQL by a default, for an UPDATE would see the rows of one organization alone."""
    if op.get_bind().dialect.name == "postgresql":
        made = sa.text("replace(gen_random_uuid()::text, '-', '')")
        op.add_column(table, sa.Column("uid", sa.String(32), nullable=False, server_default=made))
        op.alter_column(table, "uid", server_default="")
        return
    op.add_column(table, sa.Column("uid", sa.String(32), nullable=False, server_default=""))
    op.execute(f"UPDATE {table} SET uid = lower(hex(randomblob(16)))")  # noqa: S608 -- one of two tables
