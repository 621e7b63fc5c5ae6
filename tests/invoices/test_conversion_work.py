"""The worker's part: leases, deaths on the way, a storage that is away, files without a row."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.customers.services import delete_customer
from crm.invoices import jobs, orphans, rules
from crm.invoices.models import Invoice, Receipt
from crm.invoices.receipts import convert, sandbox
from crm.invoices.receipts.sandbox import Result
from crm.invoices.services import KIND
from crm.kernel import storage
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.storage import Storage, StorageError
from crm.kernel.work.due import DueWork
from crm.kernel.work.lease import Lease
from tests import make_files
from tests.factories import Cast
from tests.invoices.steps import add_receipt, due_receipts, let_time_pass, receipt_of, stored_keys, work

PHOTO = make_files.encode(make_files.picture(), "JPEG")
NOW = dt.timedelta(0)


class Killed(BaseException):
    """Ends the work where it stands, as kill -9 would: nothing after it runs."""


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


@pytest.fixture
def receipt(cast: Cast, staff: FlaskClient) -> int:
    return add_receipt(staff, cast.staff, PHOTO)


def die_in(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, after: bool = False) -> None:
    """Have the next call of a function kill the worker, before or after it did its work."""
    real: Callable[..., object] = getattr(owner, name)

    def deadly(*given: object, **named: object) -> object:
        monkeypatch.setattr(owner, name, real)
        if after:
            real(*given, **named)
        raise Killed

    monkeypatch.setattr(owner, name, deadly)


@pytest.mark.parametrize(
    ("owner", "name", "after"),
    [(Storage, "download", False), (sandbox, "convert", False), (Storage, "put", False), (Storage, "put", True)],
    ids=["before the download", "before the conversion", "before the PDF is stored", "after the PDF is stored"],
)
def test_a_worker_killed_anywhere_leaves_a_receipt_that_ends_ready_and_no_orphan(
    app: Flask, cast: Cast, receipt: int, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, after: bool
) -> None:
    die_in(monkeypatch, owner, name, after)
    with pytest.raises(Killed):
        work(app)
    assert receipt_of(cast.staff, receipt).state == "converting"
    work(app)
    assert receipt_of(cast.staff, receipt).tries == 1, "the lease keeps others away"

    let_time_pass(app)
    work(app)
    found = receipt_of(cast.staff, receipt)
    assert (found.state, found.pages, found.tries) == ("ready", 1, 2)
    with app.app_context():
        orphans.remove_orphans(older_than=NOW)
    assert stored_keys(app) == {found.original_key, found.pdf_key}


def test_three_dead_workers_are_enough(app: Flask, cast: Cast, receipt: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        die_in(monkeypatch, sandbox, "convert")
        with pytest.raises(Killed):
            work(app)
        let_time_pass(app)
    work(app)

    found = receipt_of(cast.staff, receipt)
    assert (found.state, found.reason) == ("failed", rules.INTERRUPTED)
    assert due_receipts(app) == []
    cast.staff.client().post(f"/receipts/{receipt}/retry")
    work(app)
    assert receipt_of(cast.staff, receipt).state == "ready"


def test_a_conversion_that_was_interrupted_is_tried_three_times(
    app: Flask, cast: Cast, receipt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [Result(0, rules.INTERRUPTED)] * 3
    monkeypatch.setattr(sandbox, "convert", lambda *given: answers.pop())
    work(app)

    found = receipt_of(cast.staff, receipt)
    assert (found.state, found.reason, answers) == ("failed", rules.INTERRUPTED, [])


def test_a_worker_that_lost_its_lease_writes_nothing(
    app: Flask, cast: Cast, receipt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sandbox.convert

    def slow(source: Path, target: Path, go_on: Callable[[], bool]) -> Result:
        monkeypatch.setattr(sandbox, "convert", real)
        let_time_pass(app)
        thread = threading.Thread(target=work, args=[app])
        thread.start()
        thread.join()
        assert receipt_of(cast.staff, receipt).state == "ready"
        return Result(0, rules.TOO_COMPLEX)

    monkeypatch.setattr(sandbox, "convert", slow)
    work(app)

    found = receipt_of(cast.staff, receipt)
    assert (found.state, found.reason) == ("ready", "")
    assert stored_keys(app) == {found.original_key, found.pdf_key}


def test_a_slow_conversion_keeps_its_lease_and_ends_when_another_worker_has_it(
    app: Flask, cast: Cast, receipt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []

    def slow(source: Path, target: Path, go_on: Callable[[], bool]) -> Result:
        before = due_at()
        answers.append(go_on())
        answers.append(due_at() > before)
        let_time_pass(app)
        with cast.staff.acting():
            assert Lease.take(KIND, dt.timedelta(hours=1)).ids == [receipt]
        answers.append(go_on())
        return Result(0, rules.INTERRUPTED)

    def due_at() -> dt.datetime:
        with cast.staff.acting():
            return db.session.scalars(sa.select(DueWork.due_at)).one()

    monkeypatch.setattr(sandbox, "convert", slow)
    with app.app_context():
        jobs.convert_due()

    assert answers == [True, True, False]
    found = receipt_of(cast.staff, receipt)
    assert (found.state, found.tries, due_receipts(app)) == ("converting", 1, [receipt])


def test_a_customer_deleted_during_a_conversion_leaves_no_file(
    app: Flask, cast: Cast, receipt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cast.staff.acting():
        customer = db.session.scalars(sa.select(Invoice.customer_id)).one()
    real = Storage.put

    def put(self: Storage, key: str, data: object) -> None:
        real(self, key, data)  # type: ignore[arg-type]
        thread = threading.Thread(target=delete)
        thread.start()
        thread.join()

    def delete() -> None:
        with cast.manager.acting():
            delete_customer(customer)

    monkeypatch.setattr(Storage, "put", put)
    work(app)

    assert (stored_keys(app), due_receipts(app)) == (set(), [])


def test_a_storage_that_is_away_is_waited_for_and_counts_no_try(
    app: Flask, cast: Cast, receipt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(self: Storage, key: str, path: Path) -> None:
        raise StorageError("The bucket does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "download", download)
        for _ in range(5):
            work(app)
            let_time_pass(app)
    found = receipt_of(cast.staff, receipt)
    assert (found.state, found.tries) == ("converting", 0)
    work(app)
    assert receipt_of(cast.staff, receipt).state == "ready"


def test_an_original_that_is_gone_fails_with_a_reason(app: Flask, cast: Cast, receipt: int) -> None:
    with app.app_context():
        storage.current().delete(*stored_keys(app))
    work(app)

    found = receipt_of(cast.staff, receipt)
    assert (found.state, found.reason) == ("failed", convert.MISSING)
    assert cast.staff.client().get(f"/receipts/{receipt}/original").status_code == 404


def test_two_workers_at_once_convert_each_receipt_once(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    ids = [add_receipt(staff, cast.staff, PHOTO) for _ in range(4)]
    threads = [threading.Thread(target=work, args=[app]) for _ in range(2)]
    threads += [threading.Thread(target=run_job, args=[app, cast, id_]) for id_ in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {(receipt_of(cast.staff, id_).state, receipt_of(cast.staff, id_).tries) for id_ in ids} == {("ready", 1)}
    assert len(stored_keys(app)) == 8


def run_job(app: Flask, cast: Cast, receipt: int) -> None:
    with app.app_context():
        jobs.convert_receipt(cast.staff.organization_id, receipt)


def test_work_about_a_receipt_that_is_gone_is_forgotten(app: Flask, cast: Cast, receipt: int) -> None:
    with cast.staff.acting(), transaction():
        db.session.execute(sa.delete(Receipt))
    work(app)

    assert due_receipts(app) == []


def test_the_sweep_removes_only_old_files_that_no_receipt_names(app: Flask, cast: Cast, receipt: int) -> None:
    work(app)
    found = receipt_of(cast.staff, receipt)
    folder = f"receipts/{cast.staff.organization_id}/{'a' * 32}"
    left = {f"{folder}/original", f"{folder}/receipt-{'b' * 32}.pdf", f"receipts/999/{'c' * 32}/original"}
    left.add(found.original_key.replace("original", f"receipt-{'d' * 32}.pdf"))
    others = {"receipts/README", f"{folder}/notes.txt"}
    with app.app_context():
        for key in left | others:
            storage.current().put(key, b"x")
        assert orphans.remove_orphans() == 0
        assert orphans.remove_orphans(older_than=NOW) == len(left)
    assert stored_keys(app) == {found.original_key, found.pdf_key, *others}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_sweep_removes_what_killed_workers_left_in_the_temporary_folder(app: Flask) -> None:
    old, new = (Path(tempfile.mkdtemp(prefix=convert.FOLDER_PREFIX)) for _ in range(2))
    (old / "original").write_bytes(PHOTO)
    os.utime(old, (0, 0))
    with app.app_context():
        jobs.remove_leftovers()

    assert (old.exists(), new.exists()) == (False, True)
    new.rmdir()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_everything_works_on_s3(
    environ: dict[str, str], s3_environ: dict[str, str], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ.update(s3_environ)
    for name, value in s3_environ.items():
        monkeypatch.setenv(name, value)
    app, cast = request.getfixturevalue("app"), request.getfixturevalue("cast")
    client = cast.staff.client()
    receipt = add_receipt(client, cast.staff, PHOTO)
    work(app)

    assert client.get(f"/receipts/{receipt}/file").data.startswith(b"%PDF-")
    assert client.get(f"/receipts/{receipt}/original").data == PHOTO
    with cast.staff.acting():
        storage.current().put(f"receipts/1/{'a' * 32}/original", b"x")
        assert orphans.remove_orphans(older_than=-dt.timedelta(seconds=5)) == 1
        delete_customer(db.session.scalars(sa.select(Invoice.customer_id)).one())
    assert stored_keys(app) == set()
