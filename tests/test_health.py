"""`/ready`: true soon after anything changes, and cheap however often anybody asks."""

from __future__ import annotations

import shutil
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from crm.kernel.extensions import db
from tests.servers import wait_for


def test_it_is_ready_and_asks_nothing_for_everybody_who_asks(app: Flask) -> None:
    client, asked = app.test_client(), []
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    first = client.get("/ready")
    assert (first.status_code, first.json["ready"]) == (200, True)
    asked.clear()
    for _ in range(50):
        assert client.get("/ready").json == first.json
    assert len(asked) < 10


def test_what_is_lost_is_told_soon_and_so_is_its_return(app: Flask, tmp_path: Path) -> None:
    client, storage = app.test_client(), tmp_path / "storage"
    assert client.get("/ready").status_code == 200

    shutil.move(storage, tmp_path / "away")
    wait_for(lambda: client.get("/ready").status_code == 503, "the storage is missed")
    assert client.get("/ready").json["checks"]["storage"] == "down"
    shutil.move(tmp_path / "away", storage)
    wait_for(lambda: client.get("/ready").status_code == 200, "the storage is there again")

    def set_version(version: str) -> str:
        with app.app_context(), db.engine.begin() as connection:
            before = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :version"), {"version": version})
            return str(before)

    current = set_version("old")
    wait_for(lambda: client.get("/ready").json["checks"]["migrations"] == "pending", "the migration is missed")
    set_version(current)
    wait_for(lambda: client.get("/ready").status_code == 200, "the migration is there again")
