"""Transactions: one intent of a user is one transaction, and jobs start after its commit."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple
from weakref import WeakSet

import sqlalchemy as sa
from flask import g, has_request_context
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import AttributeState, Session, SessionTransaction
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.pool import PoolProxiedConnection
from werkzeug.exceptions import ServiceUnavailable

from crm.kernel.columns import Base, db_now
from crm.kernel.csrf import refuse_stale_form
from crm.kernel.extensions import db

log = logging.getLogger(__name__)

WRITE = "crm_write"
PREPARED = "crm_prepared"
WAITS_LONG = "crm_patient"
_all_shared: WeakSet[sa.Executable] = WeakSet()
Ts = TypeVarTuple("Ts")
Asked = TypeVar("Asked", bound=sa.Executable)


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit the block's writes, or roll all of them back; nested transactions join the outer one.

    Rows that were read before are read again, so that guards see them as they are now. On SQLite the write lock is
    taken at the start: a read transaction that becomes a writing one loses updates.
    """
    session: Session = db.session()
    if session.info.get(WRITE):
        yield session
        return
    refuse_stale_form()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("objects were changed outside transaction()")
    session.rollback()
    session.info[WRITE] = True
    callbacks: list[Callable[[], object]] = session.info.setdefault("after_commit", [])
    try:
        with _write_turn(session.get_bind().dialect.name):
            session.connection(execution_options={WRITE: True})
        yield session
        session.commit()
    except BaseException:
        callbacks.clear()
        session.rollback()
        raise
    finally:
        session.info[WRITE] = False
    _run(callbacks)


@contextmanager
def _write_turn(dialect: str) -> Iterator[None]:
    """Queue for SQLite's write lock: at most two requests of a process wait, so that other threads serve readers.

    If another program (a backup) holds the lock, further writers get a 503: after LONG_WAIT, or at once while others
    have waited longer. Jobs wait without limit, and so do requests after `wait_as_jobs_do()`, of which one at a time
    asks SQLite: it gives up after a while who asks beside many others.
    """
    if dialect != "sqlite" or not has_request_context():
        yield
        return
    if g.get(WAITS_LONG):
        with _patient_writers:
            yield
        return
    if not _writers.acquire(timeout=0 if _waits.are_long() else LONG_WAIT):
        raise ServiceUnavailable(BUSY, retry_after=LONG_WAIT)
    started = _waits.enter()
    try:
        yield
    finally:
        _waits.leave(started)
        _writers.release()


def wait_as_jobs_do() -> None:
    """Let this request wait for SQLite's write lock without limit: its sender wouldn't repeat it."""
    g.setdefault(WAITS_LONG, True)


class _Waits:
    def __init__(self) -> None:
        self._started: list[float] = []

    def enter(self) -> float:
        self._started.append(time.monotonic())
        return self._started[-1]

    def leave(self, started: float) -> None:
        self._started.remove(started)

    def are_long(self) -> bool:
        started = list(self._started)
        return bool(started) and time.monotonic() - min(started) > LONG_WAIT


WAITING_WRITERS, LONG_WAIT = 2, 3
BUSY = "The database is busy with something else, such as a backup. Nothing was saved. Try again in a moment."
_writers = threading.BoundedSemaphore(WAITING_WRITERS)
_patient_writers = threading.Lock()
_waits = _Waits()


def after_commit(callback: Callable[[], object]) -> None:
    """Call `callback` after the open transaction commits, never after a rollback; its failure is logged, not raised."""
    session = db.session()
    if not session.info.get(WRITE):
        raise RuntimeError("after_commit() needs a transaction()")
    session.info["after_commit"].append(callback)


def locked(statement: sa.Select[*Ts], of: Any = None) -> sa.Select[*Ts]:
    """Lock the rows until the end of the transaction, and re-read those that are loaded.

    Rows that refer to a locked one may still be inserted (FOR NO KEY UPDATE): two transactions that each insert a
    message of a customer and then lock the customer would otherwise deadlock. Lock due work first, then messages, then
    customers, each by id. `of` names the locked table of several.
    """
    return statement.with_for_update(key_share=True, of=of).execution_options(populate_existing=True)


def write_alike(rows: Iterable[Base]) -> None:
    """Let a flush write the rows in one statement: each would write its changed columns alone, in one of its own.

    Record what changed before: the rows no longer know it.
    """
    changed = [row for row in rows if db.session.is_modified(row)]
    columns = {column.key for row in changed for column in _columns(row) if column.history.has_changes()}
    for row in changed:
        for column in columns:
            flag_modified(row, column)


def _columns(row: Base) -> list[AttributeState]:
    state = sa.inspect(row)
    return [state.attrs[column.key] for column in state.mapper.column_attrs]


def prepared(statement: Asked) -> Asked:
    """Let PostgreSQL keep one plan for each connection; only if the best plan is the same for all values."""
    return shared(statement.execution_options(**{PREPARED: True}))


def shared(statement: Asked) -> Asked:
    """Let threads share a statement's aliases: it is compiled and verified before they start."""
    _all_shared.add(statement)
    return statement


def all_shared() -> list[sa.Executable]:
    return list(_all_shared)


def database_now() -> dt.datetime:
    return db.session.scalars(sa.select(db_now())).one()


def configure_engine(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        # SQLAlchemy has no event that comes early enough to commit instead of rolling back.
        engine.dialect.do_rollback = _postgresql_rollback  # type: ignore[assignment]  # replaces a method by a function
        event.listen(engine, "before_cursor_execute", _postgresql_execute)


def _sqlite_connect(connection: Any, record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode = wal",
        "foreign_keys = on",
        "busy_timeout = 15000",
        "synchronous = normal",
        "cache_size = -8000",
        "temp_store = memory",
    ):
        connection.execute(f"pragma {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    mode = "immediate" if connection.get_execution_options().get(WRITE) else "deferred"
    connection.exec_driver_sql(f"begin {mode}")


@event.listens_for(Session, "after_begin", insert=True)
def _postgresql_begin(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if connection.dialect.name == "postgresql" and not transaction.nested:
        driver: Any = connection.connection.driver_connection
        driver.read_only = not session.info.get(WRITE)


def _postgresql_execute(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    """Prepare marked statements at once, those of a writing transaction at the sixth time, no others."""
    driver = cursor.connection
    seen_before = None if driver.read_only else 5
    driver.prepare_threshold = 0 if context.execution_options.get(PREPARED) else seen_before


def _postgresql_rollback(connection: PoolProxiedConnection) -> None:
    """Commit a read-only transaction instead: psycopg forgets its prepared statements at a rollback."""
    driver: Any = connection.driver_connection
    if driver.read_only and driver.info.transaction_status is TransactionStatus.INTRANS:
        driver.commit()
    else:
        driver.rollback()
    driver.read_only = False


def _run(callbacks: list[Callable[[], object]]) -> None:
    pending, callbacks[:] = list(callbacks), []
    for callback in pending:
        try:
            callback()
        except Exception:
            log.exception("after commit: %r failed", callback)
