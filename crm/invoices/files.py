"""Uploaded files on their way into the storage: stored first, so that no row ever points to nothing."""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO

from crm.invoices.names import clean_filename
from crm.invoices.rules import MAX_FILES_A_DAY, Kind, check_upload
from crm.kernel import storage
from crm.kernel.errors import NO_ROOM, SentenceError
from crm.kernel.storage import StorageError, StorageFullError
from crm.kernel.tenancy import require_organization

FOLDER = "receipts"

log = logging.getLogger(__name__)


class NotStoredError(SentenceError):
    """The storage did not take a file."""

    status = 503

    def __init__(self, error: StorageError) -> None:
        is_full = isinstance(error, StorageFullError)
        sentence = "The file could not be stored just now. Choose it again and save in a minute."
        super().__init__(NO_ROOM if is_full else sentence)


class TooMuchError(SentenceError):
    """A user has added as many receipts as one may within a day."""

    status = 429

    def __init__(self, megabytes: int) -> None:
        super().__init__(
            f"You added receipts of {megabytes} MB, or {MAX_FILES_A_DAY} of them, within a day, and a user may not "
            "add more. Add the others tomorrow, or ask whoever runs this system to allow more."
        )


@dataclass(frozen=True)
class Upload:
    """A file that somebody sent, its name cleaned and its kind told by its content."""

    filename: str
    kind: Kind
    content: IO[bytes]

    @property
    def size(self) -> int:
        """How many bytes it has."""
        size = self.content.seek(0, os.SEEK_END)
        self.content.seek(0)
        return size


@dataclass(frozen=True)
class StoredFile:
    """An upload that is in the storage under `key`; `size` in bytes."""

    key: str
    filename: str
    kind: Kind
    size: int
    sha256: str


@dataclass
class Batch:
    """The files of one request. They are thrown away again unless `keep()` was called."""

    files: list[StoredFile] = field(default_factory=list)
    kept: bool = False

    def keep(self) -> None:
        """Keep the files: rows that name them are about to be committed.

        When that commit fails its answer may only have been lost, so the files stay; the sweep knows what is true.
        """
        self.kept = True


def read_upload(filename: str | None, content: IO[bytes]) -> Upload:
    """Return a file that somebody sent; raises Refused when it can't become a receipt."""
    return Upload(clean_filename(filename or ""), check_upload(content), content)


@contextmanager
def stored(uploads: Sequence[Upload]) -> Iterator[Batch]:
    """Store the files of a request, and throw them away after the block unless it kept them.

    Raises NotStoredError.
    """
    batch = Batch()
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
    """Delete files that no row names; what can't be deleted now is left to the sweep."""
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
