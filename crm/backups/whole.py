"""The whole installation in one file: on SQLite its database and all files, else an archive of each organization."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy import make_url

from crm.accounts.models import Organization
from crm.backups import installation, store
from crm.backups.reader import DAMAGED, MANIFEST_BYTES
from crm.backups.rules import ArchiveError, Kept, to_delete
from crm.backups.services import app_version, digest_of, file_name, make_archive, verify
from crm.kernel import storage
from crm.kernel.db import database_now
from crm.kernel.extensions import db

MANIFEST, DATABASE, FILES, KIND = "installation.json", "database.sqlite3", "files.ndjson", "crm installation"
ORGANIZATIONS, STORAGE = "organizations/", "storage/"
FOLDER, NAME = "installation", re.compile(r"installation/crm-all-(\d{8}T\d{6})Z\.zip")
"""Where those are kept that nobody wanted elsewhere."""

RESTORE_DATABASE = (
    "This is a copy of a whole installation. Stop the programs, and put its database and its files in place of those "
    "that DATABASE_URL and STORAGE_URL name."
)
RESTORE_EACH = (
    "This has an archive of each organization of an installation. Unpack it, and restore those in organizations/ one "
    "by one: backup restore FILE. Passwords are not in them: user create makes new ones, or restore --owner USER."
)


def make_whole(path: Path) -> dict[str, Any]:
    """Write and verify a copy of the database and all files, on PostgreSQL an archive of each organization."""
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            about: dict[str, Any] = {
                "kind": KIND,
                "app_version": app_version(),
                "installation": installation.installation_uid(),
                "created_at": database_now().isoformat(),
            }
            db.session.rollback()
            if url.get_backend_name() == "sqlite" and url.database:
                about |= _write_database(archive, url.database)
            else:
                # Row-level security hides all rows from a dump of the application's role.
                about |= _write_organizations(archive)
            archive.writestr(MANIFEST, json.dumps(about, indent=2))
        found = verify_whole(part)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return found


def keep(path: Path) -> str:
    """Put a verified one where backups are kept, and delete what no rule keeps; return its key."""
    key = f"{FOLDER}/{path.name}"
    store.current().put(key, path)
    gone = to_delete(Kept(at, moment, is_verified=True) for at, (_key, moment) in enumerate(_kept()))
    store.current().delete(*(each for at, (each, _moment) in enumerate(_kept()) if at in gone))
    return key


def kept() -> list[dict[str, Any]]:
    """Return what is known of those that are kept, the newest first."""
    found = sorted(_kept(), key=lambda one: one[1], reverse=True)
    moments = [(key, at.isoformat()) for key, at in found]
    return [
        {"key": key, "bytes": store.current().stream(key)[0], "created_at": at, "verified_at": at}
        for key, at in moments
    ]


def _kept() -> list[tuple[str, dt.datetime]]:
    keys = sorted(store.current().keys(FOLDER))
    found = [(key, match[1]) for key in keys if (match := NAME.fullmatch(key))]
    return [(key, dt.datetime.strptime(at, "%Y%m%dT%H%M%S").replace(tzinfo=dt.UTC)) for key, at in found]


def how_to_restore(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return RESTORE_DATABASE if DATABASE in archive.namelist() else RESTORE_EACH


def _write_database(archive: zipfile.ZipFile, database: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="crm-backup-") as folder:
        copy = Path(folder, DATABASE)
        _copy(database, copy)
        about: dict[str, Any] = {"rows": _counts(copy)}
        archive.write(copy, DATABASE)
        about["sha256"] = digest_of(copy)
    return about | _write_files(archive)


def _write_files(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Copy all files, and their names with their hashes: the database copy alone would not notice a wrong one."""
    storage_, count, all_ = storage.current(), 0, hashlib.sha256()
    with tempfile.TemporaryFile() as listed:
        for key in storage_.keys():  # noqa: SIM118 -- a storage is no dictionary
            try:
                size, chunks = storage_.stream(key)
            except FileNotFoundError:
                continue  # deleted since
            digest = hashlib.sha256()
            with archive.open(zipfile.ZipInfo(f"{STORAGE}{key}"), "w", force_zip64=True) as member:
                for chunk in chunks:
                    member.write(chunk)
                    digest.update(chunk)
            line = json.dumps({"name": key, "bytes": size, "sha256": digest.hexdigest()}).encode() + b"\n"
            listed.write(line)
            all_.update(line)
            count += 1
        listed.seek(0)
        with archive.open(zipfile.ZipInfo(FILES), "w", force_zip64=True) as member:
            shutil.copyfileobj(listed, member)
    return {"files": count, "files_sha256": all_.hexdigest()}


def _write_organizations(archive: zipfile.ZipFile) -> dict[str, Any]:
    seen = sa.select(Organization.id, Organization.slug).where(Organization.restoring_until.is_(None))
    rows: Counter[str] = Counter()
    files, made = 0, []
    for id_, slug in db.session.execute(seen.order_by(Organization.id)).all():
        with tempfile.TemporaryDirectory(prefix="crm-backup-") as folder:
            path = Path(folder, "archive.zip")
            contents = make_archive(id_, path)
            name = f"{ORGANIZATIONS}{file_name(slug, contents.created_at)}"
            archive.write(path, name, zipfile.ZIP_STORED)
            made.append({"slug": slug, "name": name, "bytes": path.stat().st_size, "sha256": digest_of(path)})
        rows.update({name: table.rows for name, table in contents.tables.items()})
        files += contents.files.count
    return {"organizations": made, "rows": dict(rows), "files": files}


def _copy(database: str, copy: Path) -> None:
    """Copy a database that is written to meanwhile: all pages at once, for in steps it would never end."""
    source, target = sqlite3.connect(database), sqlite3.connect(copy)
    try:
        source.backup(target, pages=-1)
        (answer,) = target.execute("PRAGMA integrity_check").fetchone()
        if answer != "ok":
            raise ArchiveError(f"The copy of the database is damaged: {answer}")
    finally:
        source.close()
        target.close()


def _counts(database: Path) -> dict[str, int]:
    connection = sqlite3.connect(database)
    try:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
        names = sorted(name for (name,) in connection.execute(tables) if not name.startswith("sqlite_"))
        own = [name for name in names if "_fts" not in name]
        counted = 'SELECT count(*) FROM "{}"'
        return {name: connection.execute(counted.format(name)).fetchone()[0] for name in own}
    finally:
        connection.close()


def is_whole(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except DAMAGED:
        return False


def verify_whole(path: Path) -> dict[str, Any]:
    """Read back all of it and compare it with its hashes and counts; raises ArchiveError."""
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="crm-backup-") as folder:
            if archive.getinfo(MANIFEST).file_size > MANIFEST_BYTES:
                raise ArchiveError(f"{path.name} is damaged: its {MANIFEST} is too large.")
            about: dict[str, Any] = json.loads(archive.read(MANIFEST))
            if archive.testzip() is not None:
                raise ArchiveError("A file in it is damaged.")
            if "organizations" in about:
                _verify_organizations(archive, about["organizations"], Path(folder))
                return about
            copy = Path(archive.extract(DATABASE, folder))
            if digest_of(copy) != about["sha256"]:
                raise ArchiveError("The database in it was changed: its hash is another.")
            if _counts(copy) != about["rows"]:
                raise ArchiveError("The database in it has other rows than when it was made.")
            if "files_sha256" in about:
                _verify_files(archive, about)
            return about
    except (*DAMAGED, KeyError, TypeError, AttributeError, sqlite3.Error) as error:
        raise ArchiveError(f"{path.name} is damaged: {error}") from None


def _verify_files(archive: zipfile.ZipFile, about: dict[str, Any]) -> None:
    named, digest = set(), hashlib.sha256()
    with archive.open(FILES) as lines:
        for line in lines:
            digest.update(line)
            wanted = json.loads(line)
            name = f"{STORAGE}{wanted['name']}"
            with archive.open(name) as member:
                if hashlib.file_digest(member, "sha256").hexdigest() != wanted["sha256"]:  # type: ignore[arg-type]  # it is read alone
                    raise ArchiveError(f"{name} was changed: its hash is another.")
            named.add(name)
    there = {name for name in archive.namelist() if name.startswith(STORAGE)}
    if digest.hexdigest() != about["files_sha256"] or named != there:
        raise ArchiveError("The files in it are others than when it was made.")


def _verify_organizations(archive: zipfile.ZipFile, listed: list[dict[str, Any]], folder: Path) -> None:
    there = {name for name in archive.namelist() if name.startswith(ORGANIZATIONS)}
    if there != {one["name"] for one in listed}:
        raise ArchiveError("The archives in it are others than when it was made.")
    for one in listed:
        copy = folder / "archive.zip"
        with archive.open(one["name"]) as member, copy.open("wb") as file:
            shutil.copyfileobj(member, file)
        if digest_of(copy) != one["sha256"]:
            raise ArchiveError(f"{one['name']} was changed: its hash is another.")
        verify(copy)
