"""The servers that the tests stand on are what they are meant to be."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts import services
from crm.kernel.extensions import db
from crm.programs.redis_server import find_redis, start_redis
from tests.postgres import PostgresServer
from tests.product import RunningApp
from tests.servers import answers


def test_the_application_answers_on_both_databases(client: FlaskClient) -> None:
    assert client.get("/up").status_code == 200


def test_each_test_begins_with_an_empty_database(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert services.installation_is_empty()
        for table in db.metadata.sorted_tables:
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0, table
        services.create_organization("shop", name="Shop")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_row_level_security_is_not_bypassed_by_the_role_of_the_product(app: Flask) -> None:
    question = "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    with app.app_context(), db.engine.connect() as connection:
        role = connection.execute(sa.text(question)).one()
    assert tuple(role) == (False, False, False)


def test_postgresql_can_be_restarted(own_postgres: PostgresServer) -> None:
    own_postgres.create_database("shop")
    own_postgres.stop()
    own_postgres.start()
    with own_postgres.connect("shop") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_redis_keeps_its_data_in_its_folder(tmp_path: Path) -> None:
    program = find_redis()
    assert program
    folder = tmp_path / ("a-long-name-" * 10)
    for expected in (None, b"1"):
        server = start_redis(program, folder)
        with redis.Redis.from_url(server.url) as client:
            assert client.get("seen") == expected
            client.set("seen", "1")
        server.stop()
    assert not server.socket.exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_product_answers_behind_gunicorn(running_app: RunningApp) -> None:
    assert answers(f"{running_app.url}/up")
    assert running_app.web.stop() == 0
