"""The month a customer was created in, and the totals of customers, which triggers keep for every writer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt, UtcDateTime
from crm.kernel.tenancy import row_level_security

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = ("organization_id", "branch_id", "created_month")
FIGURES = ("customers", "active", "points", "bronze", "silver", "gold", "platinum")

customers = sa.table(
    "customers",
    sa.column("organization_id", BigInt),
    sa.column("created_at", UtcDateTime()),
    sa.column("created_month", sa.String(7)),
)


def upgrade() -> None:
    op.add_column("customers", sa.Column("created_month", sa.String(length=7), server_default="", nullable=False))
    op.create_table(
        "customer_totals",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("branch_id", BigInt, server_default="0", nullable=False),
        sa.Column("created_month", sa.String(length=7), nullable=False),
        *(sa.Column(figure, BigInt, server_default="0", nullable=False) for figure in FIGURES),
        sa.Column("organization_id", BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_customer_totals_organization_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customer_totals"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_totals_key", "customer_totals", KEY, unique=False)
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        for statement in row_level_security("customer_totals"):
            op.execute(statement)
    for id_, zone in list(_organizations()):
        if is_postgresql:
            op.get_bind().execute(sa.text("SELECT set_config('app.organization_id', :id, true)"), {"id": str(id_)})
        _fill(id_, zone)
    if is_postgresql:
        op.execute("SELECT set_config('app.organization_id', '', true)")
    op.create_index(
        "ix_customers_month",
        "customers",
        ["organization_id", "created_month", "next_message_at", sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("archived_at IS NULL"),
        sqlite_where=sa.text("archived_at IS NULL"),
    )
    for statement in _postgresql() if is_postgresql else _sqlite():
        op.get_bind().exec_driver_sql(statement)


# What was there before.


def _organizations() -> Iterator[tuple[int, ZoneInfo]]:
    for id_, name in op.get_bind().execute(sa.text("SELECT id, time_zone FROM organizations")).all():
        try:
            yield id_, ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            yield id_, ZoneInfo("UTC")


def _fill(organization_id: int, zone: ZoneInfo) -> None:
    """Give each customer their month, and count them, in one pass each, whatever the database knows of zones."""
    bind, here = op.get_bind(), customers.c.organization_id == organization_id
    created = customers.c.created_at
    first, last = bind.execute(sa.select(sa.func.min(created), sa.func.max(created)).where(here)).one()
    if first is None:
        return
    months = list(_months(first, last, zone))
    month = sa.case(*((created < end, name) for name, end in months), else_=months[-1][0])
    bind.execute(sa.update(customers).where(here).values(created_month=month))
    bind.execute(
        sa.text(
            f"INSERT INTO customer_totals ({', '.join((*KEY, *FIGURES))})"  # noqa: S608 -- names of our own
            f" SELECT {', '.join([*_key('c'), *_sums('c', True)])}"
            " FROM customers c WHERE c.archived_at IS NULL AND c.organization_id = :id GROUP BY 1, 2, 3"
        ),
        {"id": organization_id},
    )


def _months(first: dt.datetime, last: dt.datetime, zone: ZoneInfo) -> Iterator[tuple[str, dt.datetime]]:
    """Yield the months from `first` to `last` on the clocks of `zone`, each with the moment it ends."""
    local, stop = first.astimezone(zone), last.astimezone(zone)
    year, month = local.year, local.month
    while (year, month) <= (stop.year, stop.month):
        name = f"{year:04}-{month:02}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        yield name, dt.datetime(year, month, 1, tzinfo=zone).astimezone(dt.UTC)


# The triggers. A customer counts while they are not archived.


def _key(row: str) -> list[str]:
    return [f"{row}.organization_id", f"coalesce({row}.branch_id, 0)", f"{row}.created_month"]


def _sums(row: str, added: bool) -> list[str]:
    sign = "" if added else "-"
    tiers = [f"{sign}sum(CASE WHEN {row}.tier = '{tier}' THEN 1 ELSE 0 END)" for tier in FIGURES[3:]]
    is_active = f"{sign}sum(CASE WHEN {row}.is_active THEN 1 ELSE 0 END)"
    return [f"{sign}count(*)", is_active, f"{sign}sum({row}.loyalty_points)", *tiers]


def _sqlite() -> Iterator[str]:
    """One writer at a time: each changed row changes its place in the totals."""
    watched = (*KEY, "archived_at", "is_active", "loyalty_points", "tier")
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in watched)
    for name, when, parts in (
        ("added", "AFTER INSERT ON customers WHEN NEW.archived_at IS NULL", [*_add_in_place("NEW")]),
        ("removed", "AFTER DELETE ON customers WHEN OLD.archived_at IS NULL", [_change_in_place("OLD", "-")]),
        (
            "changed",
            f"AFTER UPDATE OF {', '.join(watched)} ON customers WHEN {changed}",
            [_change_in_place("OLD", "-"), *_add_in_place("NEW")],
        ),
    ):
        yield f"CREATE TRIGGER customer_totals_{name} {when} BEGIN {'; '.join(parts)}; END"


def _add_in_place(row: str) -> Iterator[str]:
    yield (
        f"INSERT INTO customer_totals ({', '.join(KEY)}) SELECT {', '.join(_key(row))} WHERE {row}.archived_at IS NULL"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM customer_totals WHERE {_at(row)})"
    )
    yield _change_in_place(row, "+")


def _change_in_place(row: str, sign: str) -> str:
    values = ["1", f"{row}.is_active", f"{row}.loyalty_points", *(f"({row}.tier = '{tier}')" for tier in FIGURES[3:])]
    sets = ", ".join(f"{figure} = {figure} {sign} {value}" for figure, value in zip(FIGURES, values, strict=True))
    return f"UPDATE customer_totals SET {sets} WHERE {_at(row)} AND {row}.archived_at IS NULL"  # noqa: S608


def _at(row: str) -> str:
    return (
        f"customer_totals.organization_id = {row}.organization_id"
        f" AND customer_totals.branch_id = coalesce({row}.branch_id, 0)"
        f" AND customer_totals.created_month = {row}.created_month"
    )


def _postgresql() -> Iterator[str]:
    """Many writers at a time: each statement adds a row for each place it changed, and nobody waits for anybody.

    Now and then a writer folds the rows of its organization together: on the average each 256th row does, so that
    there is nothing to be kept going for it. Rows that another one is folding are left to it.
    """
    columns, sums = ", ".join((*KEY, *FIGURES)), ", ".join(f"sum({figure})::bigint" for figure in FIGURES)
    some = " OR ".join(f"sum({figure}) <> 0" for figure in FIGURES)
    yield f"""
CREATE FUNCTION fold_customer_totals(organization bigint) RETURNS void LANGUAGE sql AS $$
    WITH several AS (
        SELECT branch_id, created_month FROM customer_totals WHERE organization_id = organization
        GROUP BY branch_id, created_month HAVING count(*) > 1
    ), free AS (
        SELECT t.id FROM customer_totals t JOIN several USING (branch_id, created_month)
        WHERE t.organization_id = organization FOR UPDATE OF t SKIP LOCKED
    ), taken AS (
        DELETE FROM customer_totals t USING free WHERE t.id = free.id RETURNING t.*
    )
    INSERT INTO customer_totals ({columns})
    SELECT {", ".join(KEY)}, {sums} FROM taken GROUP BY {", ".join(KEY)} HAVING {some}
$$"""  # noqa: S608 -- names of our own
    for event, tables in (
        ("INSERT", {"added": True}),
        ("DELETE", {"removed": False}),
        ("UPDATE", {"removed": False, "added": True}),
    ):
        name = f"count_customers_{event.lower()}"
        yield f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
    organization bigint;
BEGIN
    INSERT INTO customer_totals ({columns})
    SELECT {", ".join(KEY)}, {sums} FROM ({" UNION ALL ".join(_deltas(tables))}) AS changes
    -- An organization that is deleted takes its totals along.
    WHERE EXISTS (SELECT 1 FROM organizations WHERE id = organization_id)
    GROUP BY {", ".join(KEY)} HAVING {some};
    GET DIAGNOSTICS written = ROW_COUNT;
    IF random() * 256 < written THEN
        FOR organization IN SELECT DISTINCT organization_id FROM {next(reversed(tables))} LOOP
            PERFORM fold_customer_totals(organization);
        END LOOP;
    END IF;
    RETURN NULL;
END $$"""  # noqa: S608 -- names of our own
        kinds = {"added": "NEW", "removed": "OLD"}
        referencing = " ".join(f"{kinds[table]} TABLE AS {table}" for table in tables)
        yield (
            f"CREATE TRIGGER customer_totals_{event.lower()} AFTER {event} ON customers"
            f" REFERENCING {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )


def _deltas(tables: dict[str, bool]) -> Iterator[str]:
    for table, added in tables.items():
        values = [*_key(table), *_sums(table, added)]
        selected = ", ".join(f"{value} AS {name}" for value, name in zip(values, (*KEY, *FIGURES), strict=True))
        yield f"SELECT {selected} FROM {table} WHERE archived_at IS NULL GROUP BY 1, 2, 3"  # noqa: S608
