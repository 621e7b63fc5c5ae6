"""Backups that are kept: made by the worker, verified, and deleted by age."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.backups import services, store
from crm.backups.drill import run_drill
from crm.backups.models import Backup, Kind, State
from crm.backups.rules import ArchiveError, Contents, Kept, to_delete
from crm.kernel import queue
from crm.kernel.db import database_now, transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.storage import StorageError
from crm.kernel.tenancy import current_actor, require_organization, use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.user_mail import texts
from crm.user_mail.rules import Kind as LetterKind
from crm.user_mail.services import tell_owners
from crm.values import clock

KIND = "backup"
LEASE = dt.timedelta(minutes=10)
RENEW_EVERY = 30
"""Seconds."""

QUIET_HOUR = 3
BETWEEN, LATE, AGAIN = dt.timedelta(hours=20), dt.timedelta(hours=26), dt.timedelta(hours=1)
"""The least time between two daily ones, the age at which one is late, and the pause after one that failed."""

DRILL_EVERY = dt.timedelta(days=7)
UNEXPECTED = "The program stopped by an error ({error}). Its log says where."

log = logging.getLogger(__name__)


def request_backup(kind: Kind = Kind.BY_HAND) -> Backup:
    """Let the worker make a backup; one that is being made already is returned."""
    with transaction() as session:
        current = session.scalars(sa.select(Backup).where(Backup.state == State.MAKING).limit(1)).first()
        if current is not None:
            return current
        row = Backup(kind=kind, user_id=current_actor())
        session.add(row)
        session.flush()
        record("backup.requested", row)
        due.put_off(KIND, [row.id], database_now())
        queue.enqueue("crm.backups.jobs.make_in", require_organization())
        return row


def make_in(organization_id: int) -> bool:
    """Make a requested backup; False if none is due. One whose worker died is made again."""
    with use_organization(organization_id):
        lease = Lease.take(KIND, LEASE)
        if not lease.ids:
            return False
        _make_leased(lease)
        return True


def make_now(organization_id: int) -> tuple[Backup, Contents]:
    """Make a backup that is kept, here; raises ArchiveError."""
    with use_organization(organization_id):
        with transaction() as session:
            row = Backup(kind=Kind.BY_HAND, user_id=current_actor())
            session.add(row)
            session.flush()
            record("backup.requested", row)
            due.put_off(KIND, [row.id], database_now())
            backup_id = row.id
        lease = Lease.take(KIND, LEASE, among=[backup_id])
        if not lease.ids:
            raise ArchiveError("The worker is making this backup: backup list shows when it is there.")
        contents = _make_leased(lease)
        row = db.session.get_one(Backup, backup_id)
        if contents is None:
            raise ArchiveError(f"The backup was not made: {row.reason}")
        return row, contents


def _make_leased(lease: Lease) -> Contents | None:
    row, contents = db.session.get(Backup, lease.ids[0]), None
    try:
        if row is not None and row.state is State.MAKING:
            contents = _make(row.id, lease)
    finally:
        lease.end()
    delete_old()
    return contents


def _make(backup_id: int, lease: Lease) -> Contents | None:
    """Make a backup and enter how it ended; return None where it failed."""
    organization = current_organization()
    # The id keeps two of one second apart.
    name = f"{organization.uid}/{backup_id}/{services.file_name(organization.slug, database_now())}"
    with tempfile.TemporaryDirectory(prefix="crm-backup-") as folder:
        path = Path(folder, "archive.zip")
        try:
            contents = services.make_archive(organization.id, path, _Beat(lease).beat)
            digest, size = services.digest_of(path), path.stat().st_size
            store.current().put(name, path)
            _read_back(name, digest)
        except (ArchiveError, StorageError, OSError) as error:
            log.warning("organization %d: its backup failed: %s", require_organization(), error)
            _end(backup_id, str(error))
        except Exception as error:
            # Whatever it was, nobody is making it any more.
            db.session.rollback()
            _end(backup_id, UNEXPECTED.format(error=type(error).__name__))
            raise
        else:
            _end(backup_id, "", contents, name, digest, size)
            return contents
    return None


def _end(
    backup_id: int, problem: str, contents: Contents | None = None, key: str = "", digest: str = "", size: int = 0
) -> None:
    with transaction() as session:
        row = session.get_one(Backup, backup_id)
        if contents is None:
            row.fail(problem)
        else:
            row.succeed(key, contents.created_at, size, contents.rows, contents.files.count, digest)
            row.verified_at = database_now()
        record(f"backup.{row.state}", row, changes={"reason": [None, problem]} if problem else {})
        if problem and row.kind is Kind.DAILY:
            _tell(LetterKind.BACKUP_FAILED, texts.backup_failed, problem)


def _tell(kind: LetterKind, text: Callable[[str, str], texts.LetterText], problem: str) -> None:
    """Write to the owners; who watches the page sees it there."""
    name = current_organization().name
    tell_owners(kind, lambda: text(name, problem))


def _read_back(key: str, digest: str) -> None:
    """Raise ArchiveError when the storage gives back something else than it got."""
    found = hashlib.sha256()
    for chunk in store.current().stream(key)[1]:
        found.update(chunk)
    if found.hexdigest() != digest:
        raise ArchiveError("The storage gave back something else than it got.")


class _Beat:
    """Renews a lease now and then while work goes on."""

    def __init__(self, lease: Lease) -> None:
        self._lease, self._at = lease, time.monotonic()

    def beat(self) -> None:
        if time.monotonic() - self._at > RENEW_EVERY:
            self._at = time.monotonic()
            self._lease.renew(LEASE)


def drill(organization_id: int) -> None:
    """Restore the latest backup for a trial, once a week."""
    with use_organization(organization_id):
        ready = db.session.scalars(sa.select(Backup).where(Backup.state == State.READY)).all()
        latest = max(ready, key=lambda row: (row.created_at, row.id), default=None)
        drilled = [row.drilled_at for row in ready if row.drilled_at is not None]
        if latest is None or (drilled and database_now() - max(drilled) < DRILL_EVERY):
            return
        backup_id, key = latest.id, latest.key
        db.session.rollback()
        with tempfile.TemporaryDirectory(prefix="crm-backup-") as folder:
            path = Path(folder, "archive.zip")
            try:
                store.current().download(key, path)
                problem = run_drill(path)
            except (StorageError, OSError) as error:
                problem = str(error)
        with transaction() as session:
            row = session.get_one(Backup, backup_id)
            row.drilled_at, row.reason = database_now() if not problem else None, problem[:300]
            record("backup.drilled", row, changes={"problem": [None, problem]})
            if problem:
                _tell(LetterKind.DRILL_FAILED, texts.drill_failed, problem)
        if problem:
            log.error("organization %d: its backup can't be restored: %s", organization_id, problem)


def note_download(backup_id: int) -> None:
    with transaction() as session:
        record("backup.downloaded", session.scalars(sa.select(Backup).where(Backup.id == backup_id)).one())


def delete_old() -> None:
    """Delete what no rule keeps, and failures but the last."""
    with transaction() as session:
        ready = session.scalars(sa.select(Backup).where(Backup.state == State.READY)).all()
        gone = to_delete(Kept(row.id, row.created_at, row.verified_at is not None) for row in ready)
        failed = session.scalars(sa.select(Backup).where(Backup.state == State.FAILED).order_by(Backup.id)).all()
        keys = [row.key for row in ready if row.id in gone]
        for row in [*(row for row in ready if row.id in gone), *failed[:-1]]:
            session.delete(row)
    try:
        store.current().delete(*keys)
    except StorageError as error:
        log.warning("organization %d: %d old backups stay: %s", require_organization(), len(keys), error)


def request_daily(organization_id: int) -> None:
    """Request the daily backup when its hour has come, or when it is late."""
    with use_organization(organization_id):
        if current_app.config["BACKUP_SCHEDULE"] == "DAILY" and _is_time(current_organization(), database_now()):
            request_backup(Kind.DAILY)


def _is_time(organization: Organization, now: dt.datetime) -> bool:
    if organization.restoring_until is not None:
        return False
    rows = db.session.execute(sa.select(Backup.state, sa.func.max(Backup.created_at)).group_by(Backup.state))
    latest: dict[State, dt.datetime] = {row[0]: row[1] for row in rows}
    if State.MAKING in latest or now - latest.get(State.FAILED, organization.created_at) < AGAIN:
        return False
    age = now - latest.get(State.READY, organization.created_at)
    hour = now.astimezone(clock.zone(organization.time_zone)).hour
    return age > LATE or (age > BETWEEN and hour == QUIET_HOUR)
