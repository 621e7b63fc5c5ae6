"""Receipts and the real worker process: with Redis and without, killed on the way, and asked to end."""

from __future__ import annotations

import concurrent.futures
import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests
from flask import Flask

from crm.invoices.receipts.sandbox import CONVERT_PROCESS
from tests import make_files
from tests.factories import Cast, Person
from tests.invoices.steps import add_receipt, invoices, let_time_pass, new_customer, receipt_of, receipts
from tests.product import serve
from tests.servers import Process, wait_for

Start = Callable[[dict[str, str]], Process]

# Takes about a second to convert, so that there is time to kill.
LARGE = make_files.encode(make_files.photo((6000, 8000)), "JPEG", quality=60)
PHOTO = make_files.encode(make_files.picture(), "JPEG")


def child_of(worker: Process) -> psutil.Process | None:
    """Return the process that converts a receipt for this worker, if there is one."""
    children = psutil.Process(worker.popen.pid).children()
    return next((child for child in children if str(CONVERT_PROCESS) in _command_of(child)), None)


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.ZombieProcess:
        return []


def test_the_worker_converts_without_redis(
    app: Flask, cast: Cast, environ: dict[str, str], worker_process: Start
) -> None:
    receipt = add_receipt(cast.staff.client(), cast.staff, PHOTO)
    worker_process(environ)

    wait_for(lambda: receipt_of(cast.staff, receipt).state == "ready", "the receipt is ready")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_queue_and_the_ticker_convert_each_receipt_once(
    cast: Cast, app: Flask, environ: dict[str, str], redis_url: str, worker_process: Start
) -> None:
    environ["REDIS_URL"] = app.config["REDIS_URL"] = redis_url
    worker_process(environ)
    client = cast.staff.client()
    receipts = [add_receipt(client, cast.staff, PHOTO) for _ in range(4)]

    for receipt in receipts:
        wait_for(lambda id_=receipt: receipt_of(cast.staff, id_).state == "ready", "the receipt is ready")
    assert {receipt_of(cast.staff, receipt).tries for receipt in receipts} == {1}


def test_a_worker_killed_during_a_conversion_leaves_no_process_and_the_next_one_ends_it(
    app: Flask, cast: Cast, environ: dict[str, str], worker_process: Start, tmp_path: Path
) -> None:
    environ["TMPDIR"] = str(tmp_path)  # where its unfinished work stays
    receipt = add_receipt(cast.staff.client(), cast.staff, LARGE)
    worker = worker_process(environ)
    child = wait_for(lambda: child_of(worker), "the conversion is under way")
    wait_for(lambda: child.rlimit(psutil.RLIMIT_AS)[0] != psutil.RLIM_INFINITY, "the child limits itself")
    child.suspend()  # or it might end by itself
    worker.kill()

    try:
        wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child is gone")
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    assert receipt_of(cast.staff, receipt).state == "converting"
    let_time_pass(app)
    worker_process(environ)
    wait_for(lambda: receipt_of(cast.staff, receipt).state == "ready", "the receipt is ready")
    assert receipt_of(cast.staff, receipt).tries == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_that_is_asked_to_end_finishes_its_conversion(
    app: Flask, cast: Cast, environ: dict[str, str], worker_process: Start
) -> None:
    receipt = add_receipt(cast.staff.client(), cast.staff, LARGE)
    worker = worker_process(environ)
    wait_for(lambda: child_of(worker), "the conversion is under way")

    assert worker.stop() == 0
    assert receipt_of(cast.staff, receipt).state == "ready"


def test_a_bucket_two_web_processes_and_a_worker_make_one_invoice_of_twenty_identical_forms(
    environ: dict[str, str], s3_environ: dict[str, str], cast: Cast, tmp_path: Path, worker_process: Start
) -> None:
    environ |= {**s3_environ, "WEB_CONCURRENCY": "2"}
    product = serve(environ, tmp_path / "web.log")
    try:
        worker_process(environ)
        url = f"{product.url}/customers/{new_customer(cast.staff)}/invoices/new"
        session = signed_in(cast.staff)
        fields = {"amount": "150.000", "date": "2026-11-02", **hidden_fields(session.get(url).text)}
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: post(session, url, fields), range(20)))
        assert {(answer.status_code, answer.headers.get("Location")) for answer in answers} == {
            (303, answers[0].headers["Location"])
        }
        assert len(invoices(cast.staff)) == 1
        [receipt] = receipts(cast.staff)
        wait_for(lambda: receipt_of(cast.staff, receipt.id).state == "ready", "the receipt is ready")
        assert session.get(f"{product.url}/receipts/{receipt.id}/file").content.startswith(b"%PDF-")
        assert session.get(f"{product.url}/receipts/{receipt.id}/original").content == PHOTO
    finally:
        product.web.end()


def signed_in(person: Person) -> requests.Session:
    session = requests.Session()
    cookie = person.client().get_cookie("crm_session")
    assert cookie is not None
    session.cookies.set("crm_session", cookie.value, domain="127.0.0.1", path="/")
    return session


def hidden_fields(page: str) -> dict[str, str]:
    form = page[page.index('enctype="multipart/form-data"') :]
    return dict(re.findall(r'name="(\w+)" type="hidden" value="([^"]+)"', form))


def post(session: requests.Session, url: str, fields: dict[str, str]) -> requests.Response:
    file = {"receipt": ("bon.jpg", PHOTO)}
    return requests.post(url, fields, files=file, cookies=session.cookies.get_dict(), allow_redirects=False, timeout=60)
