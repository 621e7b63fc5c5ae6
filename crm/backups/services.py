"""Make and verify archives."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext

import config
from crm.backups import installation
from crm.backups.reader import check, open_archive
from crm.backups.rules import Contents
from crm.backups.snapshot import Row, open_snapshot
from crm.backups.writer import write_archive
from crm.kernel.db import database_now
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization

ABOUT = ("id", "uid", "slug", "name", "time_zone", "currency", "phone_region", "locale", "language")
"""What the manifest says of the organization."""


def make_archive(organization_id: int, path: Path, beat: Callable[[], None] = lambda: None) -> Contents:
    """Write the organization's archive to a new file, and verify it; nothing of a failure stays."""
    with use_organization(organization_id):
        uid, migration = installation.installation_uid(), _migration()
        part = path.with_name(f".{path.name}.part")
        try:
            with open_snapshot(organization_id) as snapshot:
                about = {"created_at": database_now(), "installation": uid, "migration": migration}
                about["app_version"] = app_version()
                db.session.rollback()
                contents = write_archive(snapshot, part, lambda row: {**about, "organization": _said(row)}, beat)
            verify(part)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
        return contents


def verify(path: Path) -> Contents:
    """Read back all of an archive; raises ArchiveError."""
    with open_archive(path) as archive:
        check(archive)
        return archive.contents


def file_name(contents_slug: str, moment: Any) -> str:
    return f"crm-{contents_slug}-{moment:%Y%m%dT%H%M%SZ}.zip"


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def app_version() -> str:
    try:
        return str(tomllib.loads((config.ROOT / "pyproject.toml").read_text())["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "unknown"


def _migration() -> str:
    return ", ".join(sorted(MigrationContext.configure(db.session.connection()).get_current_heads()))


def _said(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in ABOUT}
