"""One application for the tests of a process: to make one, and to let it learn, takes longer than most tests do.

Each test gets it as `create_app` makes it for its settings: with their configuration, on its own database, and without
what the test before left on it. Settings of another kind get an application of their own.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from jinja2 import BytecodeCache

import config
from crm import create_app
from crm.kernel import health, logs, storage
from crm.kernel.extensions import db
from crm.web import memo
from tests import compiled

OWN = {"DATABASE_URL", "STORAGE_URL", "BACKUP_URL", "HOME", "PORT", "PUBLIC_URL"}
"""Settings that differ from test to test, and that nothing is built of while an application is made."""


@contextlib.contextmanager
def lent(environ: Mapping[str, str], instance: Path, templates: BytecodeCache) -> Iterator[Flask]:
    """Lend the application for these settings to one test."""
    key = _key(environ)
    kept = _kept.get(key) or Kept(environ, instance, templates)
    if key:
        _kept[key] = kept
    kept.renew(environ, instance)
    memo._memory.clear()  # ids begin anew with each database, so pieces of another test's pages look like this one's
    try:
        yield kept.app
    finally:
        kept.rest(for_good=not key)


def connections() -> list[int]:
    """Return the processes of PostgreSQL that wait for the next test."""
    return [pid for kept in _kept.values() for pid in kept.connections()]


class Kept:
    """An application, and what it was like when it was new."""

    def __init__(self, environ: Mapping[str, str], instance: Path, templates: BytecodeCache) -> None:
        self.app = create_app(environ, instance)
        self.app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        self.app.jinja_env.bytecode_cache = templates
        with self.app.app_context():
            self._engine = db.engine
            compiled.share_statements(self._engine)
            self._engine.pool._creator = self._connect
            if self._engine.dialect.name == "sqlite":
                sa.event.listen(self._engine, "connect", _without_syncs)
        self._attributes, self._config = dict(vars(self.app)), dict(self.app.config)
        self._extensions = dict(self.app.extensions)

    def renew(self, environ: Mapping[str, str], instance: Path) -> None:
        """Be new for these settings."""
        app, loaded = self.app, config.load(environ, instance)
        vars(app).clear()
        vars(app).update(self._attributes, instance_path=str(instance))
        app.config.clear()
        app.config.update(self._config)
        app.config.update((name, loaded[name]) for name in loaded.keys() - {"SQLALCHEMY_ENGINE_OPTIONS"})
        app.extensions.clear()
        app.extensions.update(self._extensions)
        app.extensions.update({health.STARTED: time.monotonic(), health.CHECKED: health.Checked()})
        app.extensions.pop("storage")
        self._engine.url = sa.make_url(app.config["SQLALCHEMY_DATABASE_URI"])
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        logs.init_app(app)
        with app.app_context():
            storage.current()

    def rest(self, for_good: bool) -> None:
        """Let go of the test's database; a connection to PostgreSQL is good for the next one's, if it is in order."""
        with self.app.app_context():
            db.session.remove()
        if for_good or len(self.connections()) != 1:
            self._engine.dispose()

    def connections(self) -> list[int]:
        """Return the processes of PostgreSQL whose connections are in the pool and nowhere else."""
        pool: Any = self._engine.pool
        if self._engine.dialect.name == "sqlite" or pool.checkedout():
            return []
        drivers = [record.dbapi_connection for record in pool._pool.queue if record.dbapi_connection]
        return [driver.info.backend_pid for driver in drivers if not driver.closed]

    def _connect(self) -> Any:
        """Connect to the database of the test, wherever the first one had its own."""
        dialect = self._engine.dialect
        arguments, options = dialect.create_connect_args(self._engine.url)
        return dialect.connect(*arguments, **options)


def _without_syncs(connection: Any, record: Any) -> None:
    """Let no test wait for a disk: what the tests write is thrown away."""
    connection.execute("pragma synchronous = off")


_kept: dict[tuple[str, ...], Kept] = {}


def _key(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what an application is made of; nothing for one that a single test needs."""
    if not environ["PUBLIC_URL"].startswith("http://127.0.0.1:") or not environ["STORAGE_URL"].startswith("file:"):
        return ()
    settings = (f"{name}={environ[name]}" for name in sorted(environ.keys() - OWN))
    return (environ["DATABASE_URL"].split(":")[0], *settings)
