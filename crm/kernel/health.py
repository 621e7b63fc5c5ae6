"""The worker's beat, and the pages that say whether the installation is alive and ready."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from flask.blueprints import BlueprintSetupState
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel import queue, storage
from crm.kernel.columns import Base, Id, UtcDateTime, db_ago, db_now
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.storage import StorageError


class WorkerBeat(Base):
    __tablename__ = "worker_beats"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    started_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())
    beat_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())


bp = Blueprint("health", __name__)

STOPPED_AFTER = dt.timedelta(seconds=60)
FORGOTTEN_AFTER = dt.timedelta(hours=1)
STARTED, HEADS, CHECKED = "crm_started", "crm_migration_heads", "crm_checked"
CHECK_INTERVAL, WRITE_INTERVAL = 3, 60
"""Seconds that /ready keeps its answer, and between writes into the storage, which a bucket charges."""


class Silence(NamedTuple):
    since: dt.datetime | None


LAST_BEAT = sa.select(
    sa.func.max(WorkerBeat.beat_at).label("at"),
    (sa.func.max(WorkerBeat.beat_at) > db_ago(STOPPED_AFTER)).label("is_recent"),
)


@bp.get("/up")
def up() -> str:
    return "up"


@bp.get("/ready")
def ready() -> tuple[dict[str, Any], int]:
    """Answer 503 if the database, migrations or storage fail; other checks only inform."""
    checks = _recent_checks()
    is_ready = all(checks[name] == "ok" for name in ("database", "migrations", "storage"))
    return {"ready": is_ready, "checks": checks}, 200 if is_ready else 503


def run_checks(writes: bool = True) -> dict[str, str]:
    """Return each part's state: ok, absent, down, stopped or pending; without `writes` the storage is only read."""
    checks = {"database": "ok", "migrations": "ok", "redis": queue.state(), "worker": "ok", "storage": "ok"}
    try:
        if not migrations_are_current():
            checks["migrations"] = "pending"
        elif not worker_is_running():
            checks["worker"] = "stopped"
    except SQLAlchemyError:
        db.session.rollback()
        checks |= {"database": "down", "migrations": "unknown", "worker": "stopped"}
    try:
        storage.current().check(writes)
    except StorageError:
        checks["storage"] = "down"
    return checks


def migrations_are_current() -> bool:
    heads = current_app.extensions.get(HEADS)
    if heads is None:
        config = current_app.extensions["migrate"].migrate.get_config()
        heads = current_app.extensions[HEADS] = set(ScriptDirectory.from_config(config).get_heads())
    return set(MigrationContext.configure(db.session.connection()).get_current_heads()) == heads


class Checked:
    def __init__(self) -> None:
        self.checks: dict[str, str] = {}
        self.asked_at = self.wrote_at = float("-inf")
        self.lock = threading.Lock()


def _recent_checks() -> dict[str, str]:
    last: Checked = current_app.extensions[CHECKED]
    if time.monotonic() - last.asked_at < CHECK_INTERVAL or not last.lock.acquire(blocking=not last.checks):
        return last.checks
    try:
        now = time.monotonic()
        if now - last.asked_at >= CHECK_INTERVAL:
            writes = now - last.wrote_at >= WRITE_INTERVAL
            last.checks = run_checks(writes)
            last.asked_at = time.monotonic()
            last.wrote_at = now if writes and last.checks["storage"] == "ok" else last.wrote_at
        return last.checks
    finally:
        last.lock.release()


def beat(name: str) -> None:
    with transaction() as session:
        now = database_now()
        mine = sa.update(WorkerBeat).where(WorkerBeat.name == name).values(beat_at=db_now()).returning(WorkerBeat.id)
        if session.scalar(mine) is None:
            session.add(WorkerBeat(name=name))
        session.execute(sa.delete(WorkerBeat).where(WorkerBeat.beat_at < now - FORGOTTEN_AFTER))


def end_beat(name: str) -> None:
    with transaction() as session:
        session.execute(sa.delete(WorkerBeat).where(WorkerBeat.name == name))


def worker_is_running() -> bool:
    return bool(db.session.execute(LAST_BEAT).one().is_recent)


def silence(beat: Any) -> Silence | None:
    """Return the last heartbeat while no worker runs; None in the first minute, for the worker may be starting too."""
    is_new = time.monotonic() - current_app.extensions[STARTED] < STOPPED_AFTER.total_seconds()
    return None if beat.is_recent or is_new else Silence(beat.at)


@bp.record
def _remember_start(state: BlueprintSetupState) -> None:
    state.app.extensions[STARTED] = time.monotonic()
    state.app.extensions[CHECKED] = Checked()
