"""Settings of reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt
from crm.kernel.tenancy import row_level_security

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_settings",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("look_back_months", BigInt, nullable=False),
        sa.Column("margin", BigInt, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_report_settings_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_report_settings"),
        sa.UniqueConstraint("organization_id", name="uq_report_settings_organization_id"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in row_level_security("report_settings"):
            op.execute(statement)
