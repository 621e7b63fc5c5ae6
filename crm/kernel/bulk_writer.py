"""Insert or update many rows at once, inside the open transaction and past the unit of work."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg.sql
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm.kernel.columns import Base, UtcDateTime, db_now
from crm.kernel.tenancy import TenantMixin, require_organization, tenant_tables

Model = type[Base] | type[TenantMixin]

COPY_THRESHOLD = 50


class Bulk:
    """Write many rows by one statement from a staging table.

    PostgreSQL refuses COPY into tables with row-level security. On SQLite, each statement on a table with triggers
    journals every page it touches, so that one statement for each row takes three times as long.
    """

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        self._is_postgresql = self._connection.dialect.name == "postgresql"
        self.now: dt.datetime = session.scalars(sa.select(db_now())).one()

    def analyze_grown(self, *models: Model) -> None:
        """Analyze tables that have doubled: until autovacuum comes, after a minute, the planner picks wrong indexes."""
        if not self._is_postgresql:
            return
        names = [_table(model).name for model in models]
        grown = sa.text(
            "SELECT relname FROM pg_class WHERE oid = ANY(CAST(CAST(:names AS text[]) AS regclass[]))"
            " AND pg_relation_size(oid) > (2 * relpages + 2) * current_setting('block_size')::int"
        )
        for name in self._connection.execute(grown, {"names": names}).scalars().all():
            self._connection.execute(_sql("ANALYZE {}", [name]))

    def new_ids(self, model: Model, count: int) -> list[int]:
        name = _table(model).name
        if self._is_postgresql:
            sequence = sa.func.nextval(sa.func.pg_get_serial_sequence(name, "id"))
            found = self._connection.execute(sa.select(sequence).select_from(sa.func.generate_series(1, count)))
            return list(found.scalars())
        # Nobody else takes ids: the transaction holds the write lock since its beginning.
        counters = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
        last = self._connection.scalar(sa.select(counters.c.seq).where(counters.c.name == name)) or 0
        return list(range(last + 1, last + 1 + count))

    def insert(self, model: Model, count: int, values: Mapping[str, Any]) -> None:
        """Write `count` rows: a list has a value for each, anything else is the same for all.

        Missing columns get defaults.
        """
        if not count:
            return
        table = _table(model)
        given = {column.name: values.get(column.name, self._default(column)) for column in table.columns}
        key = {column.name for column in table.primary_key.columns}
        given = {name: value for name, value in given.items() if name in values or name not in key}
        if count <= COPY_THRESHOLD:
            self._connection.execute(sa.insert(table), _rows(given, count))
        elif self._is_postgresql and table not in tenant_tables():
            self._copy(table.name, table, given, count)
        else:
            with self._staged(table, _lists(given), count) as staged:
                selected = [
                    staged.c[name] if isinstance(value, list) else sa.literal(value, table.c[name].type)
                    for name, value in given.items()
                ]
                self._connection.execute(sa.insert(table).from_select(list(given), sa.select(*selected)))

    def update(self, model: Model, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        if not ids:
            return
        table = _table(model)
        (key,) = table.primary_key.columns
        # The + 0 keeps the planner off the organization's indexes: the rows are found by their ids.
        here = table.c.organization_id.op("+")(0) == require_organization()
        if len(ids) <= COPY_THRESHOLD:
            changes = sa.update(table).where(here, key == sa.bindparam("row_id"))
            changes = changes.values({name: sa.bindparam(f"new_{name}") for name in values})
            given = {"row_id": list(ids)} | {f"new_{name}": value for name, value in values.items()}
            self._connection.execute(changes, _rows(given, len(ids)))
            return
        lists = _lists(values)
        with self._staged(table, {key.name: list(ids), **lists}, len(ids)) as staged:
            changes = sa.update(table).where(here, key == staged.c[key.name])
            changes = changes.values(
                {name: staged.c[name] if name in lists else value for name, value in values.items()}
            )
            self.analyze_grown(model)
            with self._found_by_id():
                self._connection.execute(changes)

    @contextlib.contextmanager
    def _found_by_id(self) -> Iterator[None]:
        """Let PostgreSQL look up row by row: without statistics of the staging table it reads the whole target."""
        if not self._is_postgresql:
            yield
            return
        joins = ("enable_hashjoin", "enable_mergejoin")
        self._connection.execute(sa.select(*(sa.func.set_config(name, "off", True) for name in joins)))
        yield
        self._connection.execute(sa.select(*(sa.func.set_config(name, "on", True) for name in joins)))

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

    @contextlib.contextmanager
    def _staged(self, table: sa.Table, lists: Mapping[str, list[Any]], count: int) -> Iterator[sa.TableClause]:
        stage = sa.table(f"stage_{table.name}", *map(sa.column, lists))
        if self._is_postgresql:
            create = "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
            self._connection.execute(_sql(create, [stage.name], list(lists), [table.name]))
            self._copy(stage.name, table, lists, count)
        else:
            self._connection.execute(_sql("CREATE TEMPORARY TABLE {} ({})", [stage.name], list(lists)))
            statement = str(sa.insert(stage).compile(dialect=self._connection.dialect, column_keys=list(lists)))
            self._connection.exec_driver_sql(statement, list(self._stored_rows(table, lists, count)))
        yield stage
        self._connection.execute(_sql("DROP TABLE {}", [stage.name]))

    def _copy(self, name: str, table: sa.Table, values: Mapping[str, Any], count: int) -> None:
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)  # noqa: S101 -- for the type checker
        statement = _sql("COPY {} ({}) FROM STDIN", [name], list(values)).text
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in self._stored_rows(table, values, count):
                copy.write_row(row)

    def _stored_rows(self, table: sa.Table, values: Mapping[str, Any], count: int) -> Iterator[tuple[Any, ...]]:
        return zip(*(self._stored(table.c[name], value, count) for name, value in values.items()), strict=True)


def _rows(values: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    lists = [value if isinstance(value, list) else [value] * count for value in values.values()]
    return [dict(zip(values, row, strict=True)) for row in zip(*lists, strict=True)]


def _lists(values: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: value for name, value in values.items() if isinstance(value, list)}


def _table(model: Model) -> sa.Table:
    table = sa.inspect(model).local_table
    assert isinstance(table, sa.Table)  # noqa: S101 -- for the type checker
    return table


def _sql(template: str, *names: list[str]) -> sa.TextClause:
    quoted = [psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, some)) for some in names]
    return sa.text(psycopg.sql.SQL(template).format(*quoted).as_string())
