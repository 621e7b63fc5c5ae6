"""Rewards, and the vouchers that points buy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

ISSUED_WITH_END = sa.text("state = 'issued' AND expires_on IS NOT NULL")


def upgrade() -> None:
    _create_rewards()
    _create_vouchers()
    if op.get_bind().dialect.name == "postgresql":
        for table in ("rewards", "vouchers"):
            for statement in row_level_security(table):
                op.execute(statement)


def _create_rewards() -> None:
    op.create_table(
        "rewards",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        *_what_it_is(),
        sa.Column("cost", BigInt, nullable=False),
        sa.Column("by_points", sa.Boolean(), nullable=False),
        sa.Column("stock", BigInt, nullable=True),
        sa.Column("taken", BigInt, nullable=False),
        sa.Column("per_customer", BigInt, nullable=True),
        sa.Column("per_period", sa.String(length=8), nullable=False),
        sa.Column("minimum_tier", sa.String(length=10), nullable=True),
        sa.Column("branches", sa.JSON(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("voucher_days", BigInt, nullable=True),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.CheckConstraint("cost > 0", name="ck_rewards_cost"),
        sa.CheckConstraint("taken >= 0", name="ck_rewards_taken"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_rewards_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rewards"),
        sa.UniqueConstraint("organization_id", "id", name="uq_rewards_organization_id_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rewards_offered", "rewards", ["organization_id", "archived_at", "cost", "id"])


def _create_vouchers() -> None:
    op.create_table(
        "vouchers",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigInt, nullable=False),
        sa.Column("reward_id", BigInt, nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        *_what_it_is(),
        sa.Column("points", BigInt, nullable=False),
        sa.Column("entry_id", BigInt, nullable=True),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("issued_by_id", BigInt, nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("used_by_id", BigInt, nullable=True),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("invoice_id", BigInt, nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("organization_id", BigInt, nullable=False),
        *(_of(*reference) for reference in REFERENCES),
        sa.ForeignKeyConstraint(["issued_by_id"], ["users.id"], name="fk_vouchers_issued_by_id"),
        sa.ForeignKeyConstraint(["used_by_id"], ["users.id"], name="fk_vouchers_used_by_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_vouchers_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_vouchers"),
        *(
            sa.UniqueConstraint("organization_id", column, name=f"uq_vouchers_organization_id_{column}")
            for column in ("id", "code", "key")
        ),
        sqlite_autoincrement=True,
    )
    for name, columns in (
        ("customer", ["customer_id", "id"]),
        ("reward", ["reward_id"]),
        ("entry", ["entry_id"]),
        ("invoice", ["invoice_id"]),
        ("state", ["state", "id"]),
    ):
        op.create_index(f"ix_vouchers_{name}", "vouchers", ["organization_id", *columns])
    op.create_index(
        "ix_vouchers_expiry",
        "vouchers",
        ["organization_id", "expires_on"],
        postgresql_where=ISSUED_WITH_END,
        sqlite_where=ISSUED_WITH_END,
    )


REFERENCES = (
    ("customer_id", "customers", "CASCADE"),
    ("reward_id", "rewards", None),
    ("entry_id", "points_entries", None),
    ("invoice_id", "invoices", None),
)


def _of(column: str, table: str, ondelete: str | None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{table}.organization_id", f"{table}.id"],
        name=f"fk_vouchers_organization_id_{column}",
        ondelete=ondelete,
    )


def _what_it_is() -> tuple[sa.Column[object], ...]:
    """Return the columns that a voucher keeps of its reward."""
    return (
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("value", BigInt, nullable=True),
        sa.Column("details", sa.String(length=300), nullable=False),
        sa.Column("maximum", BigInt, nullable=True),
        sa.Column("minimum_spend", BigInt, nullable=True),
    )
