"""Uploaded files, kept until they are a month old."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import sqlalchemy as sa

from crm.imports.limits import MAX_BYTES
from crm.imports.models import Import
from crm.imports.reading import sentences
from crm.imports.reading.content import kind_of
from crm.imports.reading.tables import Refused
from crm.kernel import storage
from crm.kernel.errors import NO_ROOM, SentenceError
from crm.kernel.extensions import db
from crm.kernel.storage import StorageError, StorageFullError
from crm.kernel.tenancy import require_organization, use_organization
from crm.values.language import gettext as _
from crm.values.stored import shown
from crm.values.text import clean_line

FOLDER = "imports"
LONGEST_NAME = 255

log = logging.getLogger(__name__)
_KEY = re.compile(rf"{FOLDER}/(\d+)/[0-9a-f]{{32}}")


class NotStoredError(SentenceError):
    status = 503

    def __init__(self, error: StorageError) -> None:
        is_full = isinstance(error, StorageFullError)
        sentence = _("The file couldn't be stored. Choose it again and save in a minute.")
        super().__init__(_(NO_ROOM) if is_full else sentence)


class FileRefusedError(SentenceError):
    pass


class StoredFile(NamedTuple):
    key: str
    filename: str
    size: int
    sha256: str


@contextmanager
def stored_file(filename: str | None, content: IO[bytes]) -> Iterator[StoredFile]:
    """Store a file, and delete it if the block fails; raises FileRefusedError and NotStoredError.

    What is no list at all is refused at once, by its first bytes.
    """
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    if not size:
        raise FileRefusedError(sentences.EMPTY())
    if size > MAX_BYTES:
        raise FileRefusedError(sentences.TOO_BIG())
    _refuse_what_is_no_list(content)
    digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]  # reading is all that is asked of it
    content.seek(0)
    key = f"{FOLDER}/{require_organization()}/{uuid.uuid4().hex}"
    try:
        storage.current().put(key, content)
    except StorageError as error:
        log.error("an import can't be stored: %s", error)
        raise NotStoredError(error) from error
    name = clean_line(filename or "").replace("\\", "/").rsplit("/", 1)[-1][-LONGEST_NAME:] or _("file")
    try:
        yield StoredFile(key, name, size, digest)
    except BaseException:
        discard(key)
        raise


def _refuse_what_is_no_list(content: IO[bytes]) -> None:
    with tempfile.NamedTemporaryFile(prefix="crm-import-") as copy:
        shutil.copyfileobj(content, copy)
        copy.flush()
        content.seek(0)
        try:
            kind_of(Path(copy.name))
        except Refused as error:
            raise FileRefusedError(shown(str(error))) from error


@contextmanager
def local_copy(row: Import) -> Iterator[Path]:
    """Lend the file on the local disk; raises FileNotFoundError and StorageError."""
    if row.file_key is None:
        raise FileNotFoundError
    with tempfile.TemporaryDirectory(prefix="crm-import-") as directory:
        path = Path(directory) / "file"
        storage.current().download(row.file_key, path)
        yield path


def discard(*keys: str) -> None:
    """Delete files; those that can't be deleted now go with the orphans."""
    try:
        storage.current().delete(*keys)
    except StorageError as error:
        log.warning("%d files of imports are left to the sweep: %s", len(keys), error)


def orphans(keys: list[str]) -> list[str]:
    """Return the keys that no import has."""
    by_organization: dict[int, list[str]] = {}
    for key in keys:
        if match := _KEY.fullmatch(key):
            by_organization.setdefault(int(match[1]), []).append(key)
    found: list[str] = []
    for organization_id, its in by_organization.items():
        with use_organization(organization_id):
            known = set(db.session.scalars(sa.select(Import.file_key).where(Import.file_key.in_(its))))
        found += [key for key in its if key not in known]
    return found
