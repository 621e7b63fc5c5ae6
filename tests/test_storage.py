"""Storage on a disk and on a real S3 API behaves the same."""

from __future__ import annotations

import io
import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from crm.kernel import storage
from crm.kernel.storage import Storage, StorageError


@pytest.fixture
def s3(s3_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Point the AWS_* variables at the S3 server, and return a URL with a prefix of its own."""
    for name, value in s3_environ.items():
        monkeypatch.setenv(name, value)
    return s3_environ["STORAGE_URL"]


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    url = request.getfixturevalue("s3") if request.param == "s3" else (tmp_path / "files").as_uri()
    return Storage.from_url(url, tmp_path)


def test_it_returns_what_was_put(store: Storage, tmp_path: Path) -> None:
    content = os.urandom(11 * 1024 * 1024)
    path = tmp_path / "upload"
    path.write_bytes(content)

    store.put("1/a/original", content)
    store.put("1/b/original", path)
    store.put("1/c/original", io.BytesIO(content))

    assert store.get("1/a/original") == content
    assert store.get("1/b/original") == content
    assert store.get("1/c/original") == content


def test_a_second_put_replaces_the_first(store: Storage) -> None:
    store.put("a", b"first and longer")
    store.put("a", b"second")
    assert store.get("a") == b"second"


def test_it_streams_in_chunks_with_the_size_known_first(store: Storage) -> None:
    content = os.urandom(3_000_000)
    store.put("a", content)

    size, chunks = store.stream("a")
    parts = list(chunks)

    assert size == 3_000_000
    assert b"".join(parts) == content
    assert len(parts) > 1


def test_it_downloads_into_a_file(store: Storage, tmp_path: Path) -> None:
    store.put("a", b"content")
    store.download("a", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"content"


def test_a_missing_key_is_a_file_not_found(store: Storage, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        store.get("nowhere")
    with pytest.raises(FileNotFoundError):
        store.stream("nowhere")
    with pytest.raises(FileNotFoundError):
        store.download("nowhere", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert not store.exists("nowhere")


def test_delete_removes_and_may_be_repeated(store: Storage) -> None:
    store.put("a/1", b"x")
    store.put("a/2", b"x")
    store.put("a/3", b"x")

    store.delete("a/1", "missing", "a/2")
    store.delete("a/1")

    assert [store.exists(f"a/{n}") for n in (1, 2, 3)] == [False, False, True]


def test_keys_are_those_of_the_folder_and_old_enough(store: Storage) -> None:
    for key in ("1/a/original", "1/b", "10/c"):
        store.put(key, b"x")
    store.check()
    time.sleep(1.1)  # S3 tells times in whole seconds.

    assert sorted(store.keys()) == ["1/a/original", "1/b", "10/c"]
    assert sorted(store.keys("1")) == ["1/a/original", "1/b"]
    assert list(store.keys("2")) == []
    assert list(store.keys(older_than=timedelta(hours=1))) == []


def test_keys_lists_more_than_one_page(store: Storage) -> None:
    for number in range(120):
        store.put(f"many/{number}", b"")
    assert len(set(store.keys("many"))) == 120


@pytest.mark.parametrize("key", ["../up", "a/../../up", "a//b", "nul\0"])
def test_a_key_never_leaves_the_storage(store: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="path"):
        store.put(key, b"x")


def test_the_check_passes_where_writing_works(store: Storage) -> None:
    store.check()
    store.check()


def test_what_a_killed_writer_left_on_disk_goes(tmp_path: Path) -> None:
    store = Storage.from_url((tmp_path / "files").as_uri(), tmp_path)
    store.put("1/original", b"whole")
    part = tmp_path / "files/1/original#1"
    part.write_bytes(b"hal")

    assert store.discard_partial(timedelta(hours=1)) == 0
    assert list(store.keys()) == ["1/original"]
    assert store.discard_partial(timedelta(0)) == 1
    assert not part.exists()
    assert store.get("1/original") == b"whole"


def test_other_accounts_cannot_read_the_directory(tmp_path: Path) -> None:
    Storage.from_url((tmp_path / "files").as_uri(), tmp_path)
    assert (tmp_path / "files").stat().st_mode & 0o077 == 0


def test_a_relative_url_is_within_the_instance(tmp_path: Path) -> None:
    Storage.from_url("file://receipts/2026", tmp_path).put("a", b"x")
    Storage.from_url("file://", tmp_path).put("b", b"x")
    assert (tmp_path / "receipts/2026/a").read_bytes() == b"x"
    assert (tmp_path / "storage/b").read_bytes() == b"x"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/y",
        "/data",
        "",
        "s3://",
        "s3:///prefix",
        "s3://a b/c",
        "s3://key:secret@bucket/x",
        "file:///a?b=c",
    ],
)
def test_a_bad_url_is_refused_by_its_name(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="STORAGE_URL"):
        Storage.from_url(url, tmp_path)


def test_a_directory_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="STORAGE_URL"):
        Storage.from_url((tmp_path / "file/receipts").as_uri(), tmp_path)


def test_a_bad_endpoint_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "minio.local:9000")
    with pytest.raises(ValueError, match="AWS_ENDPOINT_URL"):
        Storage.from_url("s3://receipts", tmp_path)


def test_a_bucket_that_is_not_there_is_not_taken_for_a_missing_key(s3: str, tmp_path: Path) -> None:
    store = Storage.from_url("s3://no-such-bucket/x", tmp_path)
    for call in (store.check, lambda: store.get("a"), lambda: store.delete("a"), lambda: list(store.keys())):
        with pytest.raises(StorageError, match="There is no bucket"):
            call()


def test_a_silent_endpoint_is_a_sentence(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    store = Storage.from_url("s3://receipts/x", tmp_path)
    with pytest.raises(StorageError, match="does not answer"):
        store.check()


def test_a_directory_that_became_a_file_is_a_sentence(tmp_path: Path) -> None:
    store = Storage.from_url((tmp_path / "files").as_uri(), tmp_path)
    (tmp_path / "files").rmdir()
    (tmp_path / "files").write_text("")
    with pytest.raises(StorageError, match="can't be read or written"):
        store.check()


def test_a_forked_child_is_told_instead_of_hanging(tmp_path: Path) -> None:
    store = Storage.from_url((tmp_path / "files").as_uri(), tmp_path)
    store.put("a", b"x")
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            store.get("a")
        except StorageError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_an_application_has_one_storage_of_its_own(tmp_path: Path) -> None:
    app = Flask("test", instance_path=str(tmp_path))
    app.config["STORAGE_URL"] = "file://receipts"
    with app.app_context():
        storage.current().put("a", b"x")
        assert storage.current() is storage.current()
    assert (tmp_path / "receipts/a").exists()
