"""Restore an archive as an organization, which nobody sees before it is whole."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import logging
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, StatementError

from crm.accounts.models import Organization
from crm.backups import ids, installation
from crm.backups.arrival import check_owner, finish, free_slug, temporary_name
from crm.backups.reader import MEMBERSHIPS, Archive, check, open_archive
from crm.backups.removal import drop, drop_unfinished
from crm.backups.rules import ArchiveError
from crm.backups.snapshot import Row
from crm.kernel import storage
from crm.kernel.columns import Base
from crm.kernel.data import ORGANIZATIONS, USERS, Arrival
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.tenancy import use_organization

CONTRADICTIONS = (IntegrityError, DataError, StatementError, ArithmeticError, LookupError, TypeError, ValueError)

log = logging.getLogger(__name__)

BATCH = 500
FEATURE = dt.timedelta(hours=1)
"""The longest that a feature may compute what no archive has."""


@dataclass
class Restored:
    """What a restore made. corrected: what the archive had wrong, in sentences. warnings: what to know of it."""

    organization_id: int
    slug: str
    rows: dict[str, int]
    files: int
    has_same_ids: bool
    backed_up_at: dt.datetime
    corrected: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    password: str | None = None


@dataclass
class _Restore:
    archive: Archive
    arrival: Arrival
    organization_id: int
    token: str
    is_same: bool


def restore(path: Path, slug: str | None = None, owner: str | None = None) -> Restored:
    """Restore an archive: as the first organization with its own ids, else as another with new ones.

    Raises ArchiveError before anything is written, or after all that was written is removed. `owner` is the user who
    signs in: an account of this installation, or a new one.
    """
    with open_archive(path) as archive:
        check(archive)
        _check_room(archive)
        drop_unfinished()
        check_owner(owner)
        wanted = free_slug(slug or archive.contents.slug, is_given=slug is not None)
        with _sentence():
            under_way = _begin(archive)
            try:
                return _go_on(under_way, wanted, owner)
            except BaseException:
                drop(under_way.organization_id)
                raise


@contextmanager
def _sentence() -> Iterator[None]:
    """Say of values that pass the check, and that a table or a feature can't take, what became of the restore."""
    try:
        yield
    except OperationalError as error:
        raise ArchiveError(f"The database stopped the restore, so nothing of it was kept: {error.orig}") from error
    except CONTRADICTIONS as error:
        log.warning("a restore ended by what the archive has", exc_info=True)
        why = error.orig if isinstance(error, DBAPIError) else f"{type(error).__name__}: {error}"
        raise ArchiveError(f"The archive contradicts itself, so nothing of it was kept: {why}") from error


def _begin(archive: Archive) -> _Restore:
    """Reserve ids, and write the organization in a state that nobody sees."""
    token, contents = secrets.token_hex(8), archive.contents
    uid = installation.installation_uid()
    with transaction() as session:
        installation.lock()
        original = installation.organization_with(contents.organization["uid"])
        is_same, now = installation.has_no_organization(), database_now()
        renewed = ids.reserve(contents, same=is_same)
        is_from_here = contents.installation == uid
        is_original_here = is_from_here and original is not None and original.id == contents.organization["id"]
        original_id = contents.organization["id"]
        arrival = Arrival(contents.created_at, now, original_id, is_from_here, is_original_here, renewed)
        under_way = _Restore(archive, arrival, renewed.new(ORGANIZATIONS, original_id), token, is_same)
        (row,) = archive.rows(ORGANIZATIONS)
        rows = _arriving(under_way, ORGANIZATIONS, [row])
        rows[0] |= {"slug": temporary_name(token), "restoring_until": now + lease(), "restored_at": contents.created_at}
        if original is not None:
            rows[0]["uid"] = secrets.token_hex(16)  # it is another organization from now on
        session.connection().execute(sa.insert(Base.metadata.tables[ORGANIZATIONS]), rows)
    return under_way


def _go_on(under_way: _Restore, slug: str, owner: str | None) -> Restored:
    contents = under_way.archive.contents
    with use_organization(under_way.organization_id):
        counts = {ORGANIZATIONS: 1}
        left = {ORGANIZATIONS} if under_way.is_same else {ORGANIZATIONS, MEMBERSHIPS}
        for name in (name for name in under_way.archive.tables if name in contents.tables):
            if name not in left:  # not the memberships of others: nobody becomes a member unasked
                counts[name] = _write_table(under_way, name)
        files = _write_files(under_way)
        corrected = list(_compute(under_way))
        users, staff = (under_way.archive.rows(name) for name in (USERS, MEMBERSHIPS))
        done = finish(under_way.arrival, slug, owner, contents, users, [] if under_way.is_same else staff)
    return Restored(
        under_way.organization_id,
        slug,
        counts,
        files,
        under_way.is_same,
        contents.created_at,
        corrected,
        done.warnings,
        done.password,
    )


def _compute(under_way: _Restore) -> Iterator[str]:
    """Let each feature compute what no archive has; yield what was wrong."""
    for hook in catalog().restored:
        with transaction():
            _renew_lease(under_way, FEATURE)
        yield from hook(under_way.arrival)


def _write_table(under_way: _Restore, name: str) -> int:
    table = under_way.archive.tables[name]
    own = [column for column, target in catalog().data[name].points_to.items() if target == name]
    count, later = 0, []
    for batch in _batches(under_way, name):
        rows = _arriving(under_way, name, batch)
        later += [part for row in rows for part in _point_later(row, own)]
        with transaction() as session:
            session.connection().execute(sa.insert(table), rows)
            _renew_lease(under_way)
        count += len(rows)
    for start in range(0, len(later), BATCH):
        with transaction() as session:
            for id_, values in later[start : start + BATCH]:
                here = sa.and_(table.c.id == id_, table.c.organization_id == under_way.organization_id)
                session.connection().execute(sa.update(table).where(here).values(values))
            _renew_lease(under_way)
    return count


def _batches(under_way: _Restore, name: str) -> Iterator[list[Row]]:
    rows = under_way.archive.rows(name)
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


def _arriving(under_way: _Restore, name: str, batch: Sequence[Row]) -> list[Row]:
    """Return rows with new ids, as this installation takes them."""
    declared, new = catalog().data[name], under_way.arrival.ids
    try:
        rows: list[Row] = [new.row(name, row) or {} for row in batch]
    except (TypeError, KeyError, ValueError, AttributeError):
        raise ArchiveError(f"A row of {name} has ids in a form that no version writes.") from None
    for row in rows:
        row.update(declared.dropped)
        for column in declared.files:
            row[column] = row[column] and file_key(under_way, name, row["id"], declared.files[column], row[column])
        if name == USERS:
            row["username"] = temporary_name(under_way.token, row["id"])
    if declared.arriving is not None:
        declared.arriving(rows, under_way.arrival)
    return rows


def file_key(under_way: _Restore, table: str, id_: int, folder: str, name: str) -> str:
    inside = hashlib.sha256(f"{under_way.token} {table} {id_}".encode()).hexdigest()[:32]
    return f"{folder}/{under_way.organization_id}/{inside}/{name}"


def _point_later(row: Row, own: Sequence[str]) -> Iterator[tuple[int, dict[str, int]]]:
    """Take pointers to later rows of the same table out of a row, and yield them."""
    for column in own:
        if row.get(column) is not None and row[column] >= row["id"]:
            yield row["id"], {column: row[column]}
            row[column] = None


def _renew_lease(under_way: _Restore, length: dt.timedelta | None = None) -> None:
    here, until = Organization.id == under_way.organization_id, database_now() + (length or lease())
    db.session.execute(sa.update(Organization).where(here).values(restoring_until=until))


def lease() -> dt.timedelta:
    """Return after how long without a batch a restore is taken for dead, and what it wrote is dropped."""
    return dt.timedelta(seconds=current_app.config["WORK_LEASE"])


def _write_files(under_way: _Restore) -> int:
    count = 0
    for entry in under_way.archive.files():
        if "sha256" in entry:
            folder = catalog().data[entry["table"]].files[entry["column"]]
            id_ = under_way.arrival.ids.new(entry["table"], entry["id"])
            _write_file(under_way, entry["sha256"], file_key(under_way, entry["table"], id_, folder, entry["name"]))
            count += 1
    return count


def _write_file(under_way: _Restore, digest: str, key: str) -> None:
    with tempfile.NamedTemporaryFile() as file:
        for chunk in under_way.archive.chunks(digest):
            file.write(chunk)
        file.flush()
        storage.current().put(key, Path(file.name))
    with transaction():
        _renew_lease(under_way)


def _check_room(archive: Archive) -> None:
    """Refuse where the disk has less than twice the archive's content."""
    needed, folder = 2 * archive.contents.bytes, Path(current_app.instance_path)
    free = shutil.disk_usage(folder if folder.exists() else Path.cwd()).free
    if needed > free:
        raise ArchiveError(
            f"The disk has {free // 2**20} MB left; this archive needs {needed // 2**20} MB. Make room, then try again."
        )
