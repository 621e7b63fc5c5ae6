"""Invitations, and the one organization that tokens of the JSON API belong to.

A family of tokens whose user has several organizations could act in any of them. Which one its client means is not
known, so such a family ends, and the client signs in again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0026"
down_revision = "0022"
branch_labels = None
depends_on = None

FORGET = """
DELETE FROM token_families WHERE NOT EXISTS (
  SELECT 1 FROM memberships WHERE user_id = token_families.user_id GROUP BY user_id HAVING count(*) = 1
)"""
BIND = """
UPDATE token_families SET organization_id = (
  SELECT organization_id FROM memberships WHERE user_id = token_families.user_id
)"""


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_invitations_created_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_invitations_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "branch_id"],
            ["branches.organization_id", "branches.id"],
            name="fk_invitations_organization_id_branch_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("token_hash", name="uq_invitations_token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_invitations_organization_id", "invitations", ["organization_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("invitations"):
            op.execute(statement)
    _bind_tokens(op.get_bind())


def _bind_tokens(connection: sa.Connection) -> None:
    connection.execute(sa.text(FORGET))
    last = _last_id(connection)
    with op.batch_alter_table("token_families", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("organization_id", BigInt, nullable=True))
        table.create_foreign_key(
            "fk_token_families_organization_id", "organizations", ["organization_id"], ["id"], ondelete="CASCADE"
        )
    if last is not None:
        # SQLite made the table anew. Tokens name their family, so an id that was used is not used again.
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'token_families'"))
        connection.execute(sa.text("INSERT INTO sqlite_sequence VALUES ('token_families', :last)"), {"last": last})
    connection.execute(sa.text(BIND))


def _last_id(connection: sa.Connection) -> int | None:
    if connection.dialect.name != "sqlite":
        return None
    return connection.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'token_families'"))
