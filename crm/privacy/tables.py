"""Statements on any table of the organization, built from the declarations of what columns hold.

They go past the models, so each carries the condition of the organization itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa

from crm.kernel.columns import Base, TextCode, one_of
from crm.kernel.data import ByColumn, Holds, Rows
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.tenancy import require_organization

CUSTOMERS, EVENTS = "customers", "events"
Reached = dict[str, set[int]]
"""Ids of rows by table."""


def tables() -> Iterator[tuple[sa.Table, Rows]]:
    """Yield the tables of organizations with what they hold."""
    for table in Base.metadata.sorted_tables:
        if "organization_id" in table.columns and table.name in catalog().data:
            yield table, catalog().data[table.name]


def table_named(name: str) -> sa.Table:
    return Base.metadata.tables[name]


def key_of(table: sa.Table) -> sa.Column[Any]:
    """Return the column by which rows are told apart."""
    return next(iter(table.primary_key.columns))


def here(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.and_(table.columns.organization_id == require_organization(), *conditions)


def rows_of(table: sa.Table, ids: Collection[int]) -> Sequence[Mapping[str, Any]]:
    return select(sa.select(table).where(here(table, one_of(key_of(table), ids))).order_by(key_of(table)))


def select(statement: sa.Select[Any]) -> Sequence[Mapping[str, Any]]:
    return cast(Sequence[Mapping[str, Any]], db.session.connection().execute(statement).mappings().all())


def pointers(table: sa.Table, rows: Rows) -> Iterator[tuple[sa.Column[Any], str]]:
    """Yield the columns that point to rows of other tables, with the table's name."""
    seen = set()
    for key in table.foreign_key_constraints:
        for column in key.columns:
            if column.name != "organization_id":
                seen.add(column.name)
                yield column, key.referred_table.name
    for name, target in rows.points_to.items():
        if name not in seen and not isinstance(target, ByColumn):
            seen.add(name)
            yield table.columns[name], target
    if "customer_id" in table.columns and "customer_id" not in seen:
        yield table.columns.customer_id, CUSTOMERS


def texts(table: sa.Table, rows: Rows, *holds: Holds) -> list[sa.Column[Any]]:
    """Return the columns of texts, JSON and dates that hold one of `holds`."""
    return [
        column
        for column in table.columns
        if isinstance(column.type, sa.String | sa.JSON | sa.Date)
        and not isinstance(column.type, TextCode)
        and rows.column(column.name).holds in holds
    ]


def numbers(table: sa.Table, rows: Rows) -> list[sa.Column[Any]]:
    """Return the columns of numbers that are named as personal."""
    return [
        column
        for column in table.columns
        if isinstance(column.type, sa.Integer) and rows.column(column.name).holds is Holds.PERSONAL
    ]


def blank(column: sa.Column[Any]) -> Any:
    """Return what an erased column has."""
    if column.nullable:
        return sa.null() if isinstance(column.type, sa.JSON) and not column.type.none_as_null else None
    if isinstance(column.type, sa.JSON):
        return []
    return sa.literal("") if isinstance(column.type, sa.String) else sa.literal("1970-01-01", type_=sa.Date())


def naming(table: sa.Table, columns: Iterable[sa.Column[Any]], hints: Iterable[str]) -> Sequence[Mapping[str, Any]]:
    """Return rows in which one of the columns may have one of the hints."""
    hints = list(hints)
    likes = [
        sa.cast(column, sa.Text).icontains(hint, autoescape=True)
        if isinstance(column.type, sa.JSON)
        else column.icontains(hint, autoescape=True)
        for column in columns
        for hint in hints
    ]
    if not likes:
        return []
    return select(sa.select(table).where(here(table, sa.or_(*likes))))


def update(table: sa.Table, ids: Collection[int], values: Mapping[str, Any]) -> None:
    if ids and values:
        db.session.connection().execute(
            sa.update(table).where(here(table, one_of(key_of(table), ids))).values(**values)
        )


def delete(table: sa.Table, ids: Collection[int]) -> None:
    if ids:
        db.session.connection().execute(sa.delete(table).where(here(table, one_of(key_of(table), ids))))


def ids_where(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> set[int]:
    found = db.session.connection().execute(sa.select(key_of(table)).where(here(table, *conditions)))
    return set(found.scalars())


def reached() -> Reached:
    return defaultdict(set)
