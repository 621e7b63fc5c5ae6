"""Imports of customers from files, and the rows of the files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, Json, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0044"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_imports()
    _create_rows()
    if op.get_bind().dialect.name == "postgresql":
        for table in ("imports", "import_rows"):
            for statement in row_level_security(table):
                op.execute(statement)


def _create_imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("user_id", BigInt, nullable=True),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("file_key", sa.String(length=100), nullable=True),
        sa.Column("size", BigInt, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("profile", sa.String(length=20), server_default="", nullable=False),
        sa.Column("profile_label", sa.String(length=60), server_default="", nullable=False),
        sa.Column("choices", Json, nullable=False),
        sa.Column("headers", Json, nullable=False),
        sa.Column("table", Json, nullable=False),
        sa.Column("signature", sa.String(length=64), server_default="", nullable=False),
        sa.Column("columns", Json, nullable=False),
        sa.Column("context", Json, nullable=False),
        sa.Column("questions", Json, nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("overwritten", Json, nullable=True),
        sa.Column("commits_itself", sa.Boolean(), nullable=False),
        sa.Column("position", BigInt, nullable=False),
        sa.Column("undo_position", BigInt, nullable=True),
        sa.Column("total", BigInt, nullable=True),
        sa.Column("looked", BigInt, server_default="0", nullable=False),
        sa.Column("changed", BigInt, server_default="0", nullable=False),
        sa.Column("verdicts", Json, nullable=False),
        sa.Column("outcomes", Json, nullable=False),
        sa.Column("undone", Json, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_imports_user_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_imports_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.UniqueConstraint("organization_id", "id", name="uq_imports_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_imports_sha256", "imports", ["organization_id", "sha256"])
    op.create_index("ix_imports_signature", "imports", ["organization_id", "signature"])


def _create_rows() -> None:
    op.create_table(
        "import_rows",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("import_id", BigInt, nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("cells", Json, nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("choice", sa.String(length=10), nullable=True),
        sa.Column("entry", Json, nullable=True),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("code", sa.String(length=60), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("suggestion", Json, nullable=True),
        sa.Column("repaired", Json, nullable=True),
        sa.Column("twin", BigInt, nullable=True),
        sa.Column("customer_id", BigInt, nullable=True),
        sa.Column("before", Json, nullable=True),
        sa.Column("after", Json, nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("undo", sa.String(length=10), nullable=True),
        sa.Column("undo_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "import_id"],
            ["imports.organization_id", "imports.id"],
            name="fk_import_rows_organization_id_import_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_import_rows_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_import_rows"),
        sa.UniqueConstraint(
            "organization_id", "import_id", "number", name="uq_import_rows_organization_id_import_id_number"
        ),
        sqlite_autoincrement=True,
    )
    place = ["organization_id", "import_id"]
    op.create_index("ix_import_rows_verdict", "import_rows", [*place, "verdict", "number"])
    op.create_index("ix_import_rows_customer", "import_rows", [*place, "customer_id"])
    is_twin = sa.text("twin IS NOT NULL")
    op.create_index(
        "ix_import_rows_twin", "import_rows", [*place, "twin"], postgresql_where=is_twin, sqlite_where=is_twin
    )
