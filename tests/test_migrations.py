"""The migrations make what the models say, on both databases."""

from __future__ import annotations

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from crm.extensions import db, migrate
from crm.health import migrations_are_current
from tests.product import flask


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
