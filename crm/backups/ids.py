"""New ids for a restored organization: those of a table move by one distance, beyond all that the table has had."""

from __future__ import annotations

import sqlalchemy as sa

from crm.backups.rules import Contents
from crm.backups.snapshot import archived_tables
from crm.kernel.data import Ids
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog


def reserve(contents: Contents, *, same: bool) -> Ids:
    """Reserve ids; where `same`, empty tables keep those of the archive.

    On PostgreSQL each sequence is locked alone and for a moment, past the open transaction: one that held them all
    would wait for somebody who takes an id of a later table, and holds one of an earlier one.
    """
    distances = {
        table.name: _reserve(table, contents.tables[table.name].last_id, same=same)
        for table in archived_tables()
        if table.name in contents.tables
    }
    return Ids(catalog().data, distances)


def _reserve(table: sa.Table, last_id: int, *, same: bool) -> int:
    is_empty = same and db.session.connection().scalar(sa.select(table.c.id).limit(1)) is None
    if db.engine.dialect.name == "postgresql":
        with db.engine.begin() as connection:
            return _reserve_sequence(connection, table, last_id, is_empty=is_empty)
    connection = db.session.connection()
    read = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    last = int(connection.scalar(read, {"name": table.name}) or 0)
    distance = 0 if is_empty else last
    _set_last(connection, table, max(last, distance + last_id))
    return distance


def _reserve_sequence(connection: sa.Connection, table: sa.Table, last_id: int, *, is_empty: bool) -> int:
    name = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, "id")))
    # Nobody takes an id until the transaction ends: nextval waits for this lock.
    connection.execute(sa.text(f"ALTER SEQUENCE {name} INCREMENT BY 1"))
    read = sa.text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}")  # noqa: S608 -- ours
    last = int(connection.scalar(read) or 0)
    distance = 0 if is_empty else last
    if reserved := max(last, distance + last_id):
        connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "id"), reserved)))
    return distance


def _set_last(connection: sa.Connection, table: sa.Table, last: int) -> None:
    values = {"name": table.name, "seq": last}
    if not connection.execute(sa.text("UPDATE sqlite_sequence SET seq = :seq WHERE name = :name"), values).rowcount:
        connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)"), values)
