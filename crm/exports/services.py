"""Make an export: small ones while its user waits, others in the worker, under a lease."""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from flask import current_app

from crm.accounts.access import read_in_background
from crm.accounts.queries import current_organization
from crm.exports import formats
from crm.exports.formats import Format
from crm.exports.models import FILE_KEPT, ExportRun, ExportState
from crm.exports.rows import exports, packs, rows_of, sheet_of
from crm.kernel import queue, storage
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.fail_points import reach
from crm.kernel.storage import StorageError
from crm.kernel.tenancy import current_actor, require_organization, use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.values import language

KIND = "export"
"""Due work: an export to write, and later its file to remove."""
FOREGROUND_ROWS = 10_000
MAX_TRIES = 3
STORAGE_PAUSE = dt.timedelta(seconds=30)
PACK = dt.timedelta(minutes=30)
"""The longest that writing a pack takes: it renews no lease meanwhile."""

log = logging.getLogger(__name__)


def create(what: str, format_: Format, query: Mapping[str, str]) -> ExportRun:
    """Export the rows of a list's query; up to 10,000 are written when this returns."""
    total = len(exports()[what].ids(query))
    is_small = total <= FOREGROUND_ROWS
    with transaction() as session:
        run = ExportRun(
            user_id=current_actor(),
            what=what,
            format=format_,
            query=dict(query),
            language=language.code(),
            total=total,
        )
        session.add(run)
        session.flush()
        due.put_off(KIND, [run.id], database_now())
        if not is_small:
            queue.enqueue("crm.exports.jobs.write_due_in", require_organization())
    if is_small:
        write_next(require_organization(), run.id)
    return db.session.get_one(ExportRun, run.id, populate_existing=True)


def ask_for(what: str, query: Mapping[str, str], total: int) -> ExportRun:
    """Let the worker write a pack, of about `total` rows, within the open transaction."""
    run = ExportRun(
        user_id=current_actor(),
        what=what,
        format=Format.ZIP,
        query=dict(query),
        language=language.code(),
        total=total,
    )
    db.session.add(run)
    db.session.flush()
    due.put_off(KIND, [run.id], database_now())
    queue.enqueue("crm.exports.jobs.write_due_in", require_organization())
    return run


def write_next(organization_id: int, run_id: int | None = None) -> bool:
    """Write the given export, or the one that waits longest, or remove a file whose day is over; False if none."""
    with use_organization(organization_id):
        lease = Lease.take(KIND, _lease(), among=None if run_id is None else [run_id])
        run = db.session.get(ExportRun, lease.ids[0]) if lease.ids else None
        if run is None:
            lease.end()
            return False
        if not run.is_under_way:
            _remove_file(run.id, lease)
            return True
        with use_organization(organization_id, run.user_id), language.speaking(run.language):
            _write(run, lease)
        return True


def write_file(what: str, format_: Format, path: Path, progress: Callable[[int], object] = lambda done: None) -> int:
    """Write all rows to a file, without a record of it; return how many."""
    export = exports()[what]
    with read_in_background():
        ids = export.ids({})
    formats.write(path, format_, sheet_of(export, current_organization()), rows_of(export, ids, progress))
    return len(ids)


def _write(run: ExportRun, lease: Lease) -> None:
    run_id = run.id
    try:
        with tempfile.TemporaryDirectory(prefix="crm-export-") as folder:
            path = Path(folder) / "export"
            rows = _write_pack(run, lease, path) if run.what in packs() else _write_rows(run, lease, path)
            reach("export")
            key, size = f"exports/{require_organization()}/{run_id}-{lease.token}", path.stat().st_size
            storage.current().put(key, path)
        if not _held(lease, lambda run: _finish(run, key, size, rows)):
            storage.current().delete(key)
    except _LostError:
        log.info("export %d is another worker's now", run_id)
    except StorageError as error:
        log.warning("export %d waits for the storage: %s", run_id, error)
        _held(lease, _try_later)
    except Exception:
        log.exception("export %d failed", run_id)
        _held(lease, _try_later)


def _write_rows(run: ExportRun, lease: Lease, path: Path) -> int:
    format_, export = run.format, exports()[run.what]
    with read_in_background():
        ids = export.ids(run.query)
    _go_on(lease, lambda run: run.start_anew(len(ids)))

    def progress(done: int) -> None:
        _go_on(lease, lambda run: setattr(run, "looked", done))

    formats.write(path, format_, sheet_of(export, current_organization()), rows_of(export, ids, progress))
    return len(ids)


def _write_pack(run: ExportRun, lease: Lease, path: Path) -> int:
    pack, query, total = packs()[run.what], run.query, run.total
    _go_on(lease, lambda run: run.start_anew(total), PACK)
    with read_in_background():
        pack.write(path, query)
    return total


class _LostError(Exception):
    """The lease is over."""


def _go_on(lease: Lease, change: Callable[[ExportRun], object], length: dt.timedelta | None = None) -> None:
    """Change the export and renew the lease; raises _LostError if another worker has it."""
    if not _held(lease, change, renew=length or _lease()):
        raise _LostError


def _held(lease: Lease, change: Callable[[ExportRun], object], *, renew: dt.timedelta | None = None) -> bool:
    """Change the export if the lease still holds it."""
    with transaction() as session:
        if renew and not lease.renew(renew):
            return False
        held = lease.lock_held()
        if not held:
            return False
        change(session.get_one(ExportRun, held[0]))
        return True


def _finish(run: ExportRun, key: str, size: int, rows: int) -> None:
    now = database_now()
    run.finish(key, size, rows, now)
    due.put_off(KIND, [run.id], now + FILE_KEPT)


def _try_later(run: ExportRun) -> None:
    now = database_now()
    if run.tries >= MAX_TRIES:
        run.fail(now)
        due.settle(KIND, [run.id])
    else:
        due.put_off(KIND, [run.id], now + STORAGE_PAUSE)


def _remove_file(run_id: int, lease: Lease) -> None:
    run = db.session.get_one(ExportRun, run_id)
    if run.key:
        storage.current().delete(run.key)
    with transaction() as session:
        if lease.lock_held():
            session.get_one(ExportRun, run_id).remove_file()
            due.settle(KIND, [run_id])


def _lease() -> dt.timedelta:
    return dt.timedelta(seconds=current_app.config["WORK_LEASE"])


__all__ = ["KIND", "ExportState", "ask_for", "create", "write_file", "write_next"]
