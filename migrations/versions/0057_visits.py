"""Check-ins, and the visit days of customers: those of their open invoices so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

COUNT = """
UPDATE customers SET visit_days = found.days, most_visit_days = found.days
FROM (
    SELECT customer_id, count(DISTINCT date) AS days FROM invoices
    WHERE organization_id = :organization AND status = 'open' GROUP BY customer_id
) AS found
WHERE customers.organization_id = :organization AND customers.id = found.customer_id
"""


def upgrade() -> None:
    for name in ("visit_days", "most_visit_days"):
        op.add_column("customers", sa.Column(name, BigInt, nullable=False, server_default="0"))
    op.add_column("customers", sa.Column("checked_in_at", UtcDateTime(), nullable=True))
    op.create_table(
        "visits",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("created_by_id", BigInt, nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["users.id"], name="fk_visits_created_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            name="fk_visits_organization_id_customer_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_visits_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_visits"),
        sa.UniqueConstraint("organization_id", "id", name="uq_visits_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_visits_customer", "visits", ["organization_id", "customer_id", "day"])
    bind = op.get_bind()
    for id_ in bind.scalars(sa.text("SELECT id FROM organizations")).all():
        _enter(str(id_))
        bind.execute(sa.text(COUNT), {"organization": id_})
    _enter("")
    if bind.dialect.name == "postgresql":
        for statement in row_level_security("visits"):
            op.execute(statement)


def _enter(organization_id: str) -> None:
    """Set the organization whose rows a statement changes on PostgreSQL."""
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().execute(sa.select(sa.func.set_config("app.organization_id", organization_id, True)))
