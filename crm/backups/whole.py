"""The whole installation in one file: every organization, its users with their passwords, and all files."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import make_url

from crm.backups import installation
from crm.backups.reader import DAMAGED, MANIFEST_BYTES
from crm.backups.rules import ArchiveError
from crm.backups.services import app_version
from crm.kernel import storage
from crm.kernel.db import database_now
from crm.kernel.extensions import db

MANIFEST, DATABASE, KIND = "installation.json", "database.sqlite3", "crm installation"

NOT_HERE = (
    "On PostgreSQL row-level security hides all rows from a dump of the application's role, so none is made. Back up "
    "each organization (backup create --organization SLUG), or let a role with BYPASSRLS run: pg_dump -Fc DATABASE"
)


def make_whole(path: Path) -> dict[str, Any]:
    """Write and verify a copy of the database and all files; raises ArchiveError on PostgreSQL."""
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() != "sqlite" or not url.database:
        raise ArchiveError(NOT_HERE)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            _write(archive, url.database)
        found = verify_whole(part)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return found


def _write(archive: zipfile.ZipFile, database: str) -> None:
    about: dict[str, Any] = {
        "kind": KIND,
        "app_version": app_version(),
        "installation": installation.installation_uid(),
    }
    about["created_at"] = database_now().isoformat()
    db.session.rollback()
    with tempfile.TemporaryDirectory(prefix="crm-backup-") as folder:
        copy = Path(folder, DATABASE)
        _copy(database, copy)
        about["rows"] = _counts(copy)
        archive.write(copy, DATABASE)
        with copy.open("rb") as file:
            about["sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
    store, count = storage.current(), 0
    for key in store.keys():  # noqa: SIM118 -- a storage is no dictionary
        with archive.open(zipfile.ZipInfo(f"storage/{key}"), "w", force_zip64=True) as member:
            for chunk in store.stream(key)[1]:
                member.write(chunk)
        count += 1
    archive.writestr(MANIFEST, json.dumps(about | {"files": count}, indent=2))


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
    """Read back all of it and compare the database with its hash and counts; raises ArchiveError."""
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="crm-backup-") as folder:
            if archive.getinfo(MANIFEST).file_size > MANIFEST_BYTES:
                raise ArchiveError(f"{path.name} is damaged: its {MANIFEST} is too large.")
            about: dict[str, Any] = json.loads(archive.read(MANIFEST))
            if archive.testzip() is not None:
                raise ArchiveError("A file in it is damaged.")
            copy = Path(archive.extract(DATABASE, folder))
            with copy.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != about["sha256"]:
                    raise ArchiveError("The database in it was changed: its hash is another.")
            if _counts(copy) != about["rows"]:
                raise ArchiveError("The database in it has other rows than when it was made.")
            return about
    except (*DAMAGED, KeyError, TypeError, sqlite3.Error) as error:
        raise ArchiveError(f"{path.name} is damaged: {error}") from None
