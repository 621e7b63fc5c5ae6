"""Transactions: one intent of a user is one transaction, and jobs start after its commit."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple
from weakref import WeakSet

import sqlalchemy as sa
from flask import g, has_request_context
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import PoolProxiedConnection
from werkzeug.exceptions import ServiceUnavailable

from crm.kernel.columns import db_now
from crm.kernel.csrf import refuse_stale_form
from crm.kernel.extensions import db

log = logging.getLogger(__name__)

WRITE = "crm_write"
PREPARED = "crm_prepared"
PATIENT = "crm_patient"
_all_shared: WeakSet[sa.Executable] = WeakSet()
Ts = TypeVarTuple("Ts")
Asked = TypeVar("Asked", bound=sa.Executable)


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit what the block wrote, or roll all of it back.

    What was read before is read again inside, so a guard sees the row as it is now. On SQLite the write lock is
    taken at the start (a read transaction that turns into a writing one loses updates). A transaction inside
    another joins it.
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
        with _turn(session.get_bind().dialect.name):
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
def _turn(dialect: str) -> Iterator[None]:
    """Let two requests of this process wait for SQLite's write lock, so that the other threads answer those who read.

    Where another program holds the lock, such as a backup, the next who want to write are told so: after a moment, and
    at once while others have waited for longer. Jobs wait as long as it takes, and requests that `wait_as_jobs_do()`.
    """
    if dialect != "sqlite" or not has_request_context() or g.get(PATIENT):
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
    """Let this request wait for SQLite's write lock, since nobody would send it again."""
    g.setdefault(PATIENT, True)


class _Waits:
    """Since when requests of this process wait for the lock."""

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
_waits = _Waits()


def after_commit(callback: Callable[[], object]) -> None:
    """Call `callback` once the transaction under way is committed, and never if it is rolled back.

    The row is the truth and the callback only speeds things up, so its failure is logged, not raised.
    """
    session = db.session()
    if not session.info.get(WRITE):
        raise RuntimeError("after_commit() needs a transaction()")
    session.info["after_commit"].append(callback)


def locked(statement: sa.Select[*Ts], of: Any = None) -> sa.Select[*Ts]:
    """Return `statement` taking row locks until the end of the transaction, and re-reading what is loaded.

    Rows that point to a locked one may still be inserted: the lock is PostgreSQL's FOR NO KEY UPDATE. Two
    transactions that each insert a message of one customer and then lock the customer would else wait for each
    other. Locks are taken in the order due work, messages, customers, and by id among rows of one kind. Where several
    tables are read, `of` names the one whose rows are locked.
    """
    return statement.with_for_update(key_share=True, of=of).execution_options(populate_existing=True)


def prepared(statement: Asked) -> Asked:
    """Return a statement whose best plan is the same for all values: PostgreSQL plans it once for each connection.

    Any other is planned for the values that come with it: a name that many share wants another plan than a rare one.
    """
    return shared(statement.execution_options(**{PREPARED: True}))


def shared(statement: Asked) -> Asked:
    """Return a statement that is compiled and verified before there are threads: they will share its aliases."""
    _all_shared.add(statement)
    return statement


def all_shared() -> list[sa.Executable]:
    """Return every statement that is `shared()` or `prepared()` so far."""
    return list(_all_shared)


def database_now() -> dt.datetime:
    """Return the database's present moment, the one clock that all processes share."""
    return db.session.scalars(sa.select(db_now())).one()


def configure_engine(engine: Engine) -> None:
    """Prepare SQLite for many processes, and PostgreSQL to keep the plans of statements that are `prepared()`."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    else:
        # No event comes before the end of a transaction that could still end otherwise.
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
    """Have the marked statements prepared at once, those of a writing transaction by the sixth time, no others."""
    driver = cursor.connection
    seen_before = None if driver.read_only else 5
    driver.prepare_threshold = 0 if context.execution_options.get(PREPARED) else seen_before


def _postgresql_rollback(connection: PoolProxiedConnection) -> None:
    """End a transaction; one that could only read is committed: at a rollback psycopg forgets what it has prepared."""
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
