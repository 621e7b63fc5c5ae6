"""New ids for a restored organization: those of a table move by one distance, beyond all that the table has had."""

from __future__ import annotations

import sqlalchemy as sa

from crm.backups.rules import Contents
from crm.backups.snapshot import archived_tables
from crm.kernel.data import Ids
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog


def reserve(contents: Contents, *, same: bool) -> Ids:
    """Reserve ids in the open transaction; where `same`, empty tables keep those of the archive."""
    distances = {
        table.name: _reserve(table, contents.tables[table.name].last_id, same=same)
        for table in archived_tables()
        if table.name in contents.tables
    }
    return Ids(catalog().data, distances)


def _reserve(table: sa.Table, last_id: int, *, same: bool) -> int:
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        name = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, "id")))
        # Nobody takes an id until the transaction ends: nextval waits for this lock.
        connection.execute(sa.text(f"ALTER SEQUENCE {name} INCREMENT BY 1"))
        read = sa.text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}")  # noqa: S608 -- ours
        last = int(connection.scalar(read) or 0)
    else:
        read = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        last = int(connection.scalar(read, {"name": table.name}) or 0)
    distance = 0 if same and _is_empty(table) else last
    _set_last(table, max(last, distance + last_id))
    return distance


def _is_empty(table: sa.Table) -> bool:
    return db.session.connection().scalar(sa.select(table.c.id).limit(1)) is None


def _set_last(table: sa.Table, last: int) -> None:
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        if last:
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            connection.execute(sa.select(sa.func.setval(sequence, last)))
        return
    values = {"name": table.name, "seq": last}
    if not connection.execute(sa.text("UPDATE sqlite_sequence SET seq = :seq WHERE name = :name"), values).rowcount:
        connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), values)
