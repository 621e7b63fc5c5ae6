"""Many rows into tables in one go, each column a list, inside the open transaction and past the unit of work."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg.sql
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm.columns import Base, UtcDateTime, db_now
from crm.tenancy import require_organization, tenant_tables

FEW = 50
"""So many rows are sooner inserted than copied."""


class Bulk:
    """A writer for one transaction: by executemany on SQLite, by COPY on PostgreSQL where they are many."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        self._is_postgresql = self._connection.dialect.name == "postgresql"
        self.now: dt.datetime = session.scalars(sa.select(db_now())).one()

    def new_ids(self, model: type[Base], count: int) -> list[int]:
        """Return ids that nothing else gets, ascending."""
        name = model.__tablename__
        if self._is_postgresql:
            sequence = sa.func.nextval(sa.func.pg_get_serial_sequence(name, "id"))
            found = self._connection.execute(sa.select(sequence).select_from(sa.func.generate_series(1, count)))
            return list(found.scalars())
        # The write lock is held since the transaction began, so nobody else counts on.
        counters = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
        last = self._connection.scalar(sa.select(counters.c.seq).where(counters.c.name == name)) or 0
        return list(range(last + 1, last + 1 + count))

    def insert(self, model: type[Base], count: int, values: Mapping[str, Any]) -> None:
        """Write `count` rows; a list has a value for each, anything else is the same for all of them.

        What is not given has its default; a default of the database's clock is the moment of the transaction.
        """
        if not count:
            return
        table = _table(model)
        given = {column: values.get(column.name, self._default(column)) for column in table.columns}
        columns = [column for column in given if column.name in values or not column.primary_key]
        names = [column.name for column in columns]
        if self._is_postgresql and count <= FEW:
            lists = [_repeated(given[column], count) for column in columns]
            rows = [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
            self._connection.execute(sa.insert(table), rows)
            return
        if self._is_postgresql:
            self._copy(table, count, {column.name: given[column] for column in columns})
        else:
            stored = zip(*(self._stored(column, given[column], count) for column in columns), strict=True)
            statement = sa.insert(table).compile(dialect=self._connection.dialect, column_keys=names)
            self._connection.exec_driver_sql(str(statement), list(stored))

    def update(self, model: type[Base], ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Write columns of the rows with these ids of the current organization; values as for `insert`."""
        if not ids:
            return
        table = _table(model)
        (key,) = table.primary_key.columns
        here = table.c.organization_id == require_organization()
        if self._is_postgresql and len(ids) > FEW:
            lists = {key.name: list(ids)} | {name: value for name, value in values.items() if isinstance(value, list)}
            with self._staged(table, len(ids), lists) as staged:
                new = {name: staged.c[name] if name in lists else value for name, value in values.items()}
                changes = sa.update(table).where(here, key == staged.c[key.name]).values(new)
                self._connection.execute(changes)
            return
        given = {"row_id": list(ids)} | {f"new_{name}": value for name, value in values.items()}
        columns = [_repeated(value, len(ids)) for value in given.values()]
        changes = sa.update(table).where(here, key == sa.bindparam("row_id"))
        changes = changes.values({name: sa.bindparam(f"new_{name}") for name in values})
        self._connection.execute(changes, [dict(zip(given, row, strict=True)) for row in zip(*columns, strict=True)])

    def _default(self, column: sa.Column[Any]) -> Any:
        if column.default is not None:
            return getattr(column.default, "arg", None)
        return None if column.server_default is None else self.now

    def _stored(self, column: sa.Column[Any], value: Any, count: int) -> Sequence[Any]:
        dialect = self._connection.dialect
        stored = column.type.dialect_impl(dialect).bind_processor(dialect)
        if not isinstance(value, list):
            return [stored(value) if stored else value] * count
        if not stored:
            return value
        if isinstance(column.type, UtcDateTime):
            known = {moment: stored(moment) for moment in set(value)}  # few, and slow to convert
            return [known[moment] for moment in value]
        return list(map(stored, value))

    def _copy(self, table: sa.Table, count: int, values: Mapping[str, Any]) -> None:
        if table not in tenant_tables():
            self._copy_into(table.name, table, count, values)
            return
        # COPY refuses tables with row-level security; INSERT … SELECT obeys it.
        with self._staged(
            table, count, {name: value for name, value in values.items() if isinstance(value, list)}
        ) as staged:
            selected = [
                staged.c[name] if isinstance(value, list) else sa.literal(value, table.c[name].type)
                for name, value in values.items()
            ]
            self._connection.execute(sa.insert(table).from_select(list(values), sa.select(*selected)))

    @contextlib.contextmanager
    def _staged(self, table: sa.Table, count: int, values: Mapping[str, Any]) -> Iterator[sa.TableClause]:
        """Yield a table of the transaction's own with the columns that differ from row to row."""
        names, stage = list(values), f"stage_{table.name}"

        self._connection.execute(
            _sql(
                "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA",
                [stage],
                names,
                [table.name],
            )
        )
        self._copy_into(stage, table, count, values)
        yield sa.table(stage, *(sa.column(name) for name in names))
        self._connection.execute(_sql("DROP TABLE {}", [stage]))

    def _copy_into(self, name: str, table: sa.Table, count: int, values: Mapping[str, Any]) -> None:
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101 -- for the type checker
        stored = zip(*(self._stored(table.c[column], value, count) for column, value in values.items()), strict=True)
        statement = _sql("COPY {} ({}) FROM STDIN", [name], list(values)).text
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in stored:
                copy.write_row(row)


def _repeated(value: Any, count: int) -> Sequence[Any]:
    return value if isinstance(value, list) else [value] * count


def _table(model: type[Base]) -> sa.Table:
    table = model.__table__
    assert isinstance(table, sa.Table)  # noqa: S101 -- for the type checker
    return table


def _sql(template: str, *names: list[str]) -> sa.TextClause:
    """Return a statement with lists of quoted names in its places."""
    quoted = [psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, some)) for some in names]
    return sa.text(psycopg.sql.SQL(template).format(*quoted).as_string())
