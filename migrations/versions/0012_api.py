"""Token families of the JSON API, and the answers it gave to requests with an Idempotency-Key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_families",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("refresh_hash", sa.String(length=64), nullable=False),
        sa.Column("refreshed_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_token_families_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_token_families"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_token_families_user_id", "token_families", ["user_id"], unique=False)
    op.create_index("ix_token_families_expires_at", "token_families", ["expires_at"], unique=False)
    op.create_table(
        "given_answers",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_given_answers_organization_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_given_answers_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_given_answers"),
        sa.UniqueConstraint("organization_id", "user_id", "key", name="uq_given_answers_organization_id_user_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_given_answers_age", "given_answers", ["organization_id", "created_at"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("given_answers"):
            op.execute(statement)
