"""The migrations make what the models say, on both databases."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from crm.extensions import db, migrate
from crm.health import migrations_are_current
from tests.postgres import PostgresServer
from tests.product import flask

RELEASES = ("0001",)
"""The heads of releases that people may come from."""


def scripts(app: Flask) -> ScriptDirectory:
    return ScriptDirectory.from_config(migrate.get_config())


def test_there_is_one_way_through_them(app: Flask) -> None:
    with app.app_context():
        assert len(scripts(app).get_heads()) == 1
        assert len(scripts(app).get_bases()) == 1


def test_they_make_what_the_models_say(app: Flask) -> None:
    with app.app_context():
        command.check(migrate.get_config())


def test_a_migrated_database_is_current(app: Flask) -> None:
    with app.app_context():
        assert migrations_are_current()


def test_a_second_upgrade_changes_nothing(app: Flask) -> None:
    with app.app_context():
        before = _revision()
        flask_migrate.upgrade()
        assert _revision() == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_migrates_an_empty_database(environ: dict[str, str], tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "new.db"
    flask({**environ, "DATABASE_URL": f"sqlite:///{path}"}, "db", "upgrade")
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM organizations")).scalar() == 0
    engine.dispose()


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_an_earlier_release_stored_is_still_there(
    release: str, kind: str, environ: dict[str, str], tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """A row in every table, with something in every column, goes through the migrations unchanged."""
    name = f"release_{uuid.uuid4().hex}"
    url = f"sqlite:///{tmp_path / name}.db" if kind == "sqlite" else postgres_server.create_database(name)
    settings = {**environ, "DATABASE_URL": url}
    flask(settings, "db", "upgrade", release)
    with _connected(url) as connection:
        before = _fill(connection)
    flask(settings, "db", "upgrade")
    with _connected(url) as connection:
        after = sa.MetaData()
        after.reflect(connection)
        for table, values in before.items():
            row = connection.execute(sa.select(after.tables[table])).mappings().one()
            assert {column: row[column] for column in values} == values, table


def test_ids_are_never_used_again(app: Flask) -> None:
    """A deleted row's id in a link or log never means another row."""
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("sequences of PostgreSQL never go back")
        statement = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%PRIMARY KEY%'")
        with db.engine.connect() as connection:
            rows = connection.execute(statement).all()
    reused = {name for name, sql in rows if " id " in sql and "AUTOINCREMENT" not in sql and "fts" not in name}
    assert not reused


def _revision() -> tuple[str, ...]:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_heads()


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url.replace("postgres://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT set_config('app.organization_id', '1', true)"))
        yield connection
    engine.dispose()


def _fill(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """Put one row in every table, whose references are to the others; return them by table."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    rows: dict[str, dict[str, Any]] = {}
    for table in metadata.sorted_tables:
        if table.name.startswith(("alembic_", "customer_search_fts", "sqlite_")):
            continue
        values = {column.name: _something(column) for column in table.columns}
        connection.execute(table.insert().values(values))
        rows[table.name] = dict(connection.execute(sa.select(table)).mappings().one())
    return rows


def _something(column: sa.Column[Any]) -> Any:
    match column.type:
        case sa.Boolean():
            return True
        case sa.Integer():
            return 1
        case sa.DateTime():
            return dt.datetime(2026, 11, 20, 8, 30, tzinfo=dt.UTC)
        case sa.Date():
            return dt.date(2026, 11, 20)
        case sa.Time():
            return dt.time(21, 0)
        case sa.JSON():
            return {"was": "here"}
        case _:
            return "1"
