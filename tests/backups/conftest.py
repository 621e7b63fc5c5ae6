"""A shop with a row of everything, its archive, and an installation that was emptied."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from crm.backups.services import make_archive
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.bookkeeping import refresh_next
from tests import applications
from tests.factories import FILL, Cast, make_paused_campaign
from tests.postgres import PostgresServer

Run = Callable[..., Result]


@pytest.fixture
def filled(cast: Cast) -> Cast:
    """The cast, and a row of everything in the shop."""
    with cast.owner.acting():
        for make in FILL.values():
            make()
        make_paused_campaign()
        with transaction() as session:
            # Factories write messages without what follows from them.
            refresh_next(session.scalars(sa.select(Customer.id)))
    return cast


@pytest.fixture
def archive(filled: Cast, tmp_path: Path) -> Path:
    """The archive of that shop."""
    path = tmp_path / "shop.zip"
    with filled.owner.app.app_context():
        make_archive(filled.owner.organization_id, path)
    return path


@pytest.fixture
def run(app: Flask) -> Run:
    """A function that runs `flask backup …`."""

    def call(*arguments: Any) -> Result:
        return app.test_cli_runner().invoke(args=["backup", *map(str, arguments)])

    return call


@pytest.fixture
def empty(app: Flask, database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], None]:
    """A function that leaves the installation without a row, as after its migrations."""

    def call() -> None:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        if database_url.startswith("sqlite"):
            for path in tmp_path.glob("crm.db*"):
                path.unlink()
            shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "crm.db")
        else:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            server.empty(request.getfixturevalue("postgres_database"), applications.connections())

    return call


def parts(path: Path) -> dict[str, bytes]:
    """Return the members of an archive by name, without the manifest."""
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist() if name != "manifest.json"}


def manifest(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as file:
        found: dict[str, Any] = json.loads(file.read("manifest.json"))
        return found


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in parts(path)[f"data/{table}.ndjson"].splitlines()]
