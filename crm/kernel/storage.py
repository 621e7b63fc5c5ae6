"""Files on disk or in an S3 bucket, by STORAGE_URL; keys are relative paths with `/`, writes are atomic."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from flask import current_app
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, S3Store

if TYPE_CHECKING:
    from obstore import ObjectMeta

CHUNK = 256 * 1024
PROBE = "probe"


def current() -> Storage:
    storage = current_app.extensions.get("storage")
    if storage is None:
        url, instance = current_app.config["STORAGE_URL"], Path(current_app.instance_path)
        storage = current_app.extensions["storage"] = Storage.from_url(url, instance)
    return cast(Storage, storage)


class StorageError(Exception):
    """The storage can't be used; the message is a sentence for the operator."""


class StorageFullError(StorageError):
    pass


class Storage:
    """Files by key. A missing key raises FileNotFoundError, any other failure StorageError."""

    def __init__(self, store: LocalStore | S3Store, probe: LocalStore | S3Store, place: str) -> None:
        self._store = store
        self._probe = probe
        self._place = place

    @classmethod
    def from_url(cls, url: str, instance: Path) -> Storage:
        """Open `file:///dir`, `file://dir` (within `instance`) or `s3://bucket/prefix`.

        S3 credentials and region come from the AWS_* variables. Raises ValueError that names the variable.
        """
        parts = urlsplit(url)
        if parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("STORAGE_URL takes a directory or a bucket only: keep keys in AWS_* variables.")
        if parts.scheme == "file":
            inside = parts.netloc + parts.path or "storage"
            return cls._on_disk(instance / unquote(inside))
        if parts.scheme == "s3":
            return cls._in_bucket(parts.netloc, unquote(parts.path).strip("/"))
        raise ValueError("STORAGE_URL has to start with file:// or s3://.")

    def place_of(self, key: str) -> str:
        """Return where a file lies, for people: a path, or an address of a bucket."""
        return f"{self._place.rstrip('/')}/{key}"

    def put(self, key: str, data: bytes | Path | IO[bytes]) -> None:
        with self._reported(key):
            # One request: an interrupted multipart upload would leave invisible parts in the bucket.
            self._store.put(key, data, use_multipart=False)

    def get(self, key: str) -> bytes:
        with self._reported(key):
            return bytes(self._store.get(key).bytes())

    def stream(self, key: str) -> tuple[int, Iterator[bytes]]:
        """Return the size in bytes and the chunks; a missing key raises here, not while streaming."""
        with self._reported(key):
            found = self._store.get(key)
            return found.meta["size"], self._chunks(key, found.stream(CHUNK))

    def download(self, key: str, path: Path) -> None:
        _, chunks = self.stream(key)
        with path.open("wb") as file:
            file.writelines(chunks)

    def delete(self, *keys: str) -> None:
        for key in keys:
            try:
                with self._reported(key):
                    self._store.delete(key)
            except FileNotFoundError:
                continue

    def exists(self, key: str) -> bool:
        try:
            with self._reported(key):
                self._store.head(key)
        except FileNotFoundError:
            return False
        return True

    def keys(self, prefix: str = "", older_than: timedelta = timedelta(0)) -> Iterator[str]:
        limit = datetime.now(UTC) - older_than
        for found in self._listed(prefix):
            if found["last_modified"] <= limit and found["path"] != PROBE:
                yield found["path"]

    def discard_partial(self, older_than: timedelta) -> int:
        if isinstance(self._store, S3Store):
            return 0
        limit = (datetime.now(UTC) - older_than).timestamp()
        # obstore writes to `key#1` and renames; it neither lists nor deletes such names.
        stale = [path for path in Path(self._place).rglob("*#*") if _is_partial(path, limit)]
        for path in stale:
            path.unlink(missing_ok=True)
        return len(stale)

    def check(self, writes: bool = True) -> None:
        try:
            with self._reported(PROBE):
                if writes:
                    self._probe.put(PROBE, b"1", use_multipart=False)
                else:
                    self._probe.head(PROBE)
        except FileNotFoundError as error:
            raise StorageError(f"{self._place} has lost what was written into it.") from error

    @classmethod
    def _on_disk(cls, directory: Path) -> Storage:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"STORAGE_URL: cannot create {directory} ({error.strerror}).") from error
        store = LocalStore(directory, automatic_cleanup=True)
        return cls(store, store, str(directory))

    @classmethod
    def _in_bucket(cls, bucket: str, prefix: str) -> Storage:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", bucket):
            raise ValueError("STORAGE_URL needs the name of a bucket, like s3://my-bucket/receipts.")
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
            endpoint = os.environ.get(name)
            if endpoint and not re.match(r"https?://[^/]", endpoint):
                raise ValueError(f"{name} has to start with https:// or http://.")
        place = f"s3://{bucket}/{prefix}"
        return cls(_bucket(bucket, prefix, 20, 2), _bucket(bucket, prefix, 4, 0), place)

    def _chunks(self, key: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        with self._reported(key):
            yield from chunks

    def _listed(self, prefix: str) -> Iterator[ObjectMeta]:
        with self._reported(prefix):
            for page in self._store.list(prefix or None):
                yield from page

    @contextmanager
    def _reported(self, key: str) -> Iterator[None]:
        _refuse_after_fork()
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise StorageError(self._sentence(error)) from error
            raise FileNotFoundError(f"Nothing is stored under {key}.") from None
        except BaseError as error:
            kind = StorageFullError if _is_full(error) else StorageError
            raise kind(self._sentence(error)) from error
        except OSError as error:
            raise StorageError(f"{self._place} can't be used: {error.strerror or error}.") from error

    def _sentence(self, error: Exception) -> str:
        if "NoSuchBucket" in str(error):
            return f"There is no bucket for {self._place}. Create it or correct STORAGE_URL."
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            return f"{self._place} refuses access. Check its permissions and the AWS_* variables."
        if isinstance(self._store, S3Store):
            return f"{self._place} does not answer. Check AWS_ENDPOINT_URL, AWS_REGION and the network."
        return f"{self._place} can't be read or written. Check that the disk has room and the directory exists."


_used_by: int | None = None


def _refuse_after_fork() -> None:
    """Refuse use after a fork: obstore's threads don't survive it, and a call would hang."""
    global _used_by
    if _used_by is None:
        _used_by = os.getpid()
    if _used_by != os.getpid():
        raise StorageError("The storage was used before this process was forked. Use it after the fork only.")


def _bucket(bucket: str, prefix: str, seconds: int, retries: int) -> S3Store:
    limit = timedelta(seconds=seconds)
    return S3Store(
        bucket,
        prefix=prefix or None,
        client_options={"allow_http": True, "connect_timeout": timedelta(seconds=3), "timeout": limit},
        retry_config={"max_retries": retries, "retry_timeout": limit},
    )


def _is_full(error: BaseError) -> bool:
    return any(f"(os error {number})" in str(error) for number in (errno.ENOSPC, errno.EDQUOT))


def _is_partial(path: Path, limit: float) -> bool:
    if not re.search(r"#\d+$", path.name):
        return False
    try:
        return path.is_file() and path.stat().st_mtime <= limit
    except FileNotFoundError:
        return False
