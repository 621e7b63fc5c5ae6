"""Uploaded files: stored before their rows are written, so that no row points to nothing."""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from crm.invoices.filenames import clean_filename
from crm.invoices.rules import MAX_FILES_A_DAY, FileKind, check_upload
from crm.kernel import storage
from crm.kernel.errors import NO_ROOM, SentenceError
from crm.kernel.storage import StorageError, StorageFullError
from crm.kernel.tenancy import require_organization
from crm.values.language import gettext as _

FOLDER = "receipts"

log = logging.getLogger(__name__)


class NotStoredError(SentenceError):
    status = 503

    def __init__(self, error: StorageError) -> None:
        is_full = isinstance(error, StorageFullError)
        sentence = _("The file couldn't be stored. Choose it again and save in a minute.")
        super().__init__(_(NO_ROOM) if is_full else sentence)


class QuotaError(SentenceError):
    status = 429

    def __init__(self, megabytes: int) -> None:
        super().__init__(
            _(
                "You can add %(megabytes)s MB or %(files)s files a day. Add the others tomorrow, or ask the "
                "administrator to allow more.",
                megabytes=megabytes,
                files=MAX_FILES_A_DAY,
            )
        )


@dataclass(frozen=True)
class Upload:
    filename: str
    kind: FileKind
    content: IO[bytes]

    @property
    def size(self) -> int:
        size = self.content.seek(0, os.SEEK_END)
        self.content.seek(0)
        return size


@dataclass(frozen=True)
class StoredFile:
    key: str
    filename: str
    kind: FileKind
    size: int
    sha256: str


@dataclass
class StoredFiles:
    files: list[StoredFile] = field(default_factory=list)
    kept: bool = False

    def keep(self) -> None:
        """Keep the files before the commit: when its answer is lost, the rows may exist all the same."""
        self.kept = True


def read_upload(filename: str | None, content: IO[bytes]) -> Upload:
    """Raise Refused when the file can't become a receipt."""
    return Upload(clean_filename(filename or ""), check_upload(content), content)


@contextmanager
def store_files(uploads: Sequence[Upload]) -> Iterator[StoredFiles]:
    """Store files, and delete them after the block unless it kept them; raises NotStoredError."""
    batch = StoredFiles()
    try:
        for upload in uploads:
            batch.files.append(_store(upload))
        yield batch
    except StorageError as error:
        log.error("receipts can't be stored: %s", error)
        raise NotStoredError(error) from error
    finally:
        if not batch.kept:
            discard([file.key for file in batch.files])


def discard(keys: Sequence[str]) -> None:
    """Delete files that no row names; `orphans` removes those that can't be deleted now."""
    try:
        if keys:
            storage.current().delete(*keys)
    except StorageError as error:
        log.warning("%d files are left to the sweep: %s", len(keys), error)


def _store(upload: Upload) -> StoredFile:
    key = f"{FOLDER}/{require_organization()}/{uuid.uuid4().hex}/original"
    content, size = upload.content, upload.size
    digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]  # reading is all that is asked of it
    content.seek(0)
    storage.current().put(key, content)
    return StoredFile(key, upload.filename, upload.kind, size, digest)
