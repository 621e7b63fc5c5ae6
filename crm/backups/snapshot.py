"""One moment of the database: all that an archive has is read in one transaction, in pages by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import Base
from crm.kernel.data import ORGANIZATIONS, USERS
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog

PAGE = 1_000
Row = dict[str, Any]


def archived_tables() -> list[sa.Table]:
    """Return the tables that archives have, each after those that it refers to."""
    declared = catalog().data
    return [table for table in Base.metadata.sorted_tables if not declared[table.name].left_out]


class Snapshot:
    def __init__(self, connection: sa.Connection, organization_id: int) -> None:
        self._connection = connection
        self.organization_id = organization_id

    def rows(self, table: sa.Table) -> Iterator[Row]:
        """Yield the organization's rows of a table by id."""
        key = table.c.id if table.name == ORGANIZATIONS else table.c.organization_id
        return self._pages(table, key == self.organization_id)

    def users(self, ids: Sequence[int]) -> Iterator[Row]:
        table = Base.metadata.tables[USERS]
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            statement = sa.select(table).where(table.c.id.in_(some)).order_by(table.c.id)
            yield from map(dict, self._connection.execute(statement).mappings())

    def last_id(self, table: sa.Table) -> int:
        """Return the highest id that a row of the table has had in this installation."""
        if self._connection.dialect.name == "postgresql":
            name = self._connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, "id")))
            last = sa.text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}")  # noqa: S608 -- ours
            return int(self._connection.scalar(last) or 0)
        last = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return int(self._connection.scalar(last, {"name": table.name}) or 0)

    def _pages(self, table: sa.Table, condition: sa.ColumnElement[bool]) -> Iterator[Row]:
        page = sa.select(table).where(condition, table.c.id > sa.bindparam("last")).order_by(table.c.id).limit(PAGE)
        last = 0
        while True:
            rows = self._connection.execute(page, {"last": last}).mappings().all()
            yield from map(dict, rows)
            if len(rows) < PAGE:
                return
            last = rows[-1]["id"]


@contextmanager
def open_snapshot(organization_id: int) -> Iterator[Snapshot]:
    """Open a read transaction beside the session's; on SQLite and PostgreSQL it sees one moment alone."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                value = str(organization_id)
                connection.execute(sa.select(sa.func.set_config("app.organization_id", value, True)))
            else:
                # The moment is that of the first read.
                connection.execute(sa.text("SELECT 1 FROM sqlite_master LIMIT 1"))
            yield Snapshot(connection, organization_id)
