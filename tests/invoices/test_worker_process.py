"""Receipts and the real worker process: with Redis and without, killed on the way, and asked to end."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest
from flask import Flask

from tests import make_files
from tests.factories import Cast
from tests.invoices.steps import add_receipt, let_time_pass, receipt_of
from tests.servers import Process, wait_for

Start = Callable[[dict[str, str]], Process]

# Takes about a second to convert, so that there is time to kill.
LARGE = make_files.encode(make_files.photo((6000, 8000)), "JPEG", quality=60)
PHOTO = make_files.encode(make_files.picture(), "JPEG")


def child_of(worker: Process) -> psutil.Process | None:
    """Return the process that converts a receipt for this worker, if there is one."""
    children = psutil.Process(worker.popen.pid).children()
    return next((child for child in children if any("child.py" in part for part in child.cmdline())), None)


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
    app: Flask, cast: Cast, environ: dict[str, str], worker_process: Start
) -> None:
    receipt = add_receipt(cast.staff.client(), cast.staff, LARGE)
    worker = worker_process(environ)
    child = wait_for(lambda: child_of(worker), "the conversion is under way")
    wait_for(lambda: child.nice() == 10, "the child limits itself")
    child.suspend()  # or it might end by itself
    worker.kill()

    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child is gone")
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
