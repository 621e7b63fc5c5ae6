"""Lots of points and what is drawn from them, rules of loyalty, and what customers owe."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime, db_now
from crm.kernel.tenancy import row_level_security
from crm.loyalty.first_lots import Before, lots_of, since_of

revision = "0049"
down_revision = "0052"
branch_labels = None
depends_on = None

TABLES = ("points_draws", "loyalty_settings", "points_multipliers")
CUSTOMERS = 1_000
"""At a time."""

entries = sa.table(
    "points_entries",
    sa.column("id", BigInt),
    sa.column("organization_id", BigInt),
    sa.column("customer_id", BigInt),
    sa.column("applied", BigInt),
    sa.column("key", sa.String),
    sa.column("reverses_id", BigInt),
    sa.column("created_at", UtcDateTime()),
)


def upgrade() -> None:
    _add_columns()
    _create_draws()
    _create_settings()
    _create_multipliers()
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        for table in TABLES:
            for statement in row_level_security(table):
                op.execute(statement)
    for id_, zone in list(_organizations()):
        if is_postgresql:
            op.get_bind().execute(sa.text("SELECT set_config('app.organization_id', :id, true)"), {"id": str(id_)})
        for ledgers in _batches(id_):
            _fill(id_, ledgers, zone)
    if is_postgresql:
        op.execute("SELECT set_config('app.organization_id', '', true)")
    _create_indexes()


def _add_columns() -> None:
    op.add_column("customers", sa.Column("points_owed", BigInt, server_default="0", nullable=False))
    op.add_column("customers", sa.Column("tier_since", sa.Date(), nullable=True))
    op.add_column("customers", sa.Column("tier_review_on", sa.Date(), nullable=True))
    for column in (
        sa.Column("of_id", BigInt, nullable=True),
        sa.Column("kind", sa.String(10), server_default="manual", nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("counts", BigInt, server_default="0", nullable=False),
        sa.Column("counts_on", sa.Date(), server_default="2000-01-01", nullable=False),
        sa.Column("owed", BigInt, server_default="0", nullable=False),
        sa.Column("rule", sa.JSON(), nullable=True),
    ):
        op.add_column("points_entries", column)
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("points_entries", sa.Column("remaining", BigInt, server_default="0", nullable=False))
        op.create_check_constraint("remaining", "points_entries", "remaining >= 0")
    else:
        # SQLite takes a constraint with a new column, and none afterwards.
        op.execute(
            "ALTER TABLE points_entries ADD COLUMN remaining INTEGER DEFAULT '0' NOT NULL"
            " CONSTRAINT ck_points_entries_remaining CHECK (remaining >= 0)"
        )


def _create_draws() -> None:
    op.create_table(
        "points_draws",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("entry_id", BigInt, nullable=False),
        sa.Column("lot_id", BigInt, nullable=False),
        sa.Column("points", BigInt, nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.CheckConstraint("points <> 0", name="ck_points_draws_points"),
        *(
            sa.ForeignKeyConstraint(
                ["organization_id", column],
                ["points_entries.organization_id", "points_entries.id"],
                name=f"fk_points_draws_organization_id_{column}",
                ondelete="CASCADE",
            )
            for column in ("entry_id", "lot_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_points_draws_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_points_draws"),
        sa.UniqueConstraint("organization_id", "id", name="uq_points_draws_organization_id_id"),
        sa.UniqueConstraint(
            "organization_id", "entry_id", "lot_id", name="uq_points_draws_organization_id_entry_id_lot_id"
        ),
        sqlite_autoincrement=True,
    )


def _create_settings() -> None:
    numbers = (
        *("expiry_months", "expiry_days", "return_grace_days", "tier_grace_days", "check_in_hours"),
        *("referrer_points", "friend_points", "referral_minimum", "referral_hold_days", "referral_weekly_limit"),
    )
    op.create_table(
        "loyalty_settings",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("expiry", sa.String(10), nullable=False),
        sa.Column("expiry_day", sa.String(5), nullable=False),
        sa.Column("tier_window", sa.String(10), nullable=False),
        sa.Column("tier_policies", sa.JSON(), nullable=False),
        *(sa.Column(name, BigInt, nullable=False) for name in numbers),
        *(
            sa.Column(name, sa.Boolean(), nullable=False)
            for name in ("multipliers_add_up", "bonus_counts", "expired_vouchers_return")
        ),
        sa.Column("updated_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_loyalty_settings_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_loyalty_settings"),
        sa.UniqueConstraint("organization_id", name="uq_loyalty_settings_organization_id"),
        sa.UniqueConstraint("organization_id", "id", name="uq_loyalty_settings_organization_id_id"),
        sqlite_autoincrement=True,
    )


def _create_multipliers() -> None:
    op.create_table(
        "points_multipliers",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(15), nullable=False),
        sa.Column("tier", sa.String(10), nullable=True),
        sa.Column("weekday", BigInt, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("branch_id", BigInt, nullable=True),
        sa.Column("thousandths", BigInt, nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=db_now(), nullable=False),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "branch_id"],
            ["branches.organization_id", "branches.id"],
            name="fk_points_multipliers_organization_id_branch_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_points_multipliers_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_points_multipliers"),
        sa.UniqueConstraint("organization_id", "id", name="uq_points_multipliers_organization_id_id"),
        sqlite_autoincrement=True,
    )


def _create_indexes() -> None:
    op.create_index("ix_points_draws_lot", "points_draws", ["organization_id", "lot_id"])
    op.create_index(
        "ix_points_entries_counts", "points_entries", ["organization_id", "customer_id", "counts_on", "counts"]
    )
    for name, table, columns, condition in (
        ("ix_points_entries_of", "points_entries", ["of_id"], "of_id IS NOT NULL"),
        ("ix_points_entries_open", "points_entries", ["customer_id", "expires_on", "id"], "remaining > 0"),
        (
            "ix_points_entries_ending",
            "points_entries",
            ["expires_on", "customer_id"],
            "remaining > 0 AND expires_on IS NOT NULL",
        ),
        ("ix_customers_tier_review", "customers", ["tier_review_on"], "tier_review_on IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, table, ["organization_id", *columns], postgresql_where=where, sqlite_where=where)


# What was there before: every credit becomes a lot that never ends, and deductions drew from the oldest.


def _organizations() -> Iterator[tuple[int, ZoneInfo]]:
    for id_, name in op.get_bind().execute(sa.text("SELECT id, time_zone FROM organizations")).all():
        try:
            yield id_, ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            yield id_, ZoneInfo("UTC")


def _batches(organization_id: int) -> Iterator[list[list[Any]]]:
    """Yield the entries of many customers, those of each in the order of their ids."""
    here, last = entries.c.organization_id == organization_id, 0
    while True:
        beyond = sa.and_(here, entries.c.customer_id > last)
        ids = sa.select(entries.c.customer_id).where(beyond).distinct().order_by(entries.c.customer_id)
        until = op.get_bind().execute(ids.limit(CUSTOMERS)).scalars().all()
        if not until:
            return
        these = sa.select(entries).where(beyond, entries.c.customer_id <= until[-1])
        rows = op.get_bind().execute(these.order_by(entries.c.customer_id, entries.c.id)).all()
        yield [list(group) for _, group in itertools.groupby(rows, key=lambda row: row.customer_id)]
        last = until[-1]


def _fill(organization_id: int, ledgers: list[list[Any]], zone: ZoneInfo) -> None:
    changes, draws, since = [], [], []
    for rows in ledgers:
        lots = lots_of([Before(row.id, row.applied, row.key, row.reverses_id) for row in rows])
        days: dict[int, dt.date] = {}
        for row in rows:
            day = row.created_at.astimezone(zone).date()
            days[row.id] = days.get(row.reverses_id or 0, day)
            changes.append(
                {
                    "id": row.id,
                    "kind": lots.kinds[row.id],
                    "of_id": row.reverses_id,
                    "counts": row.applied,
                    "counts_on": days[row.id].isoformat(),
                    "remaining": lots.left.get(row.id, 0),
                }
            )
        draws += [(organization_id, *draw) for draw in lots.draws]
        found = since_of([(days[row.id], row.applied) for row in rows])
        if found is not None:
            since.append({"id": rows[0].customer_id, "since": found.isoformat()})
    _write(organization_id, "points_entries", changes, "kind", "of_id", "counts", "counts_on", "remaining")
    _write(organization_id, "customers", [{"id": row["id"], "tier_since": row["since"]} for row in since], "tier_since")
    if draws:
        op.get_bind().execute(
            sa.text("INSERT INTO points_draws (organization_id, entry_id, lot_id, points) VALUES (:a, :b, :c, :d)"),
            [dict(zip("abcd", draw, strict=True)) for draw in draws],
        )


TYPES = {"kind": "text", "of_id": "bigint", "counts": "bigint", "remaining": "bigint"}


def _write(organization_id: int, table: str, rows: list[dict[str, Any]], *columns: str) -> None:
    """Change many rows: PostgreSQL in one statement."""
    if not rows:
        return
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        typed = ", ".join(f"{name} {TYPES.get(name, 'date')}" for name in columns)
        values = ", ".join(f"{name} = given.{name}" for name in columns)
        statement = (
            f"UPDATE {table} SET {values}"  # noqa: S608 -- names of our own
            f" FROM json_to_recordset(CAST(:rows AS json)) AS given (id bigint, {typed})"
            f" WHERE {table}.id = given.id AND {table}.organization_id = :organization"
        )
        bind.execute(sa.text(statement), {"rows": json.dumps(rows), "organization": organization_id})
        return
    values = ", ".join(f"{name} = :{name}" for name in columns)
    statement = f"UPDATE {table} SET {values} WHERE id = :id AND organization_id = {organization_id}"  # noqa: S608
    bind.execute(sa.text(statement), rows)
