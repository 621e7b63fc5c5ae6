"""A process dies at each commit of the delivery path, once before it and once after it; another goes on."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from crm.delivery import calls, deliver, jobs
from crm.kernel import fail_points
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.queue import stopping
from crm.kernel.work.long_job import LongJob
from crm.messages.models import BlockedSender, Message
from crm.messages.rules import Status
from crm.providers.base import Call, Outcome
from crm.providers.console.gateway import Console
from crm.values import clock
from tests.messages.shop import Shop
from tests.servers import ROOT

DELIVERY = [
    ("claim uncommitted", Status.SCHEDULED, Status.SENT, 0),
    ("claim committed", Status.CLAIMED, Status.SENT, 0),
    ("submit uncommitted", Status.CLAIMED, Status.SENT, 0),
    ("submit committed", Status.SUBMITTING, Status.UNCONFIRMED, 0),
    ("answered", Status.SUBMITTING, Status.UNCONFIRMED, 1),
    ("record uncommitted", Status.SUBMITTING, Status.UNCONFIRMED, 1),
    ("record committed", Status.SENT, Status.SENT, 1),
]
"""The point, the state it leaves, the state in the end, and what the provider had accepted by then."""


@pytest.mark.parametrize(("point", "left", "end", "accepted"), DELIVERY)
def test_killed_at_a_commit_it_is_neither_lost_nor_sent_twice(
    shop: Shop, provider_log: Path, point: str, left: Status, end: Status, accepted: int
) -> None:
    id_ = shop.schedule(sari := shop.customer())

    die_at(shop, point, jobs.deliver_due)

    assert shop.status(id_) is left
    assert len(lines(provider_log)) == accepted
    for _ in range(3):
        time_passes(shop, id_)
        shop.work()
    assert shop.status(id_) is end
    assert len(lines(provider_log)) == (accepted or end is Status.SENT)
    assert (shop.next_at(sari) is None) == (end is Status.SENT)


@pytest.mark.parametrize(
    ("point", "left"), [("release uncommitted", Status.CLAIMED), ("release committed", Status.SCHEDULED)]
)
def test_killed_while_it_gives_back_what_it_has_not_begun(
    shop: Shop, provider_log: Path, point: str, left: Status
) -> None:
    id_ = shop.schedule(shop.customer())

    def asked_to_end() -> None:
        stopping.set()
        deliver.deliver_batch(shop.id)

    die_at(shop, point, asked_to_end)

    assert shop.status(id_) is left
    time_passes(shop, id_)
    shop.work()
    assert shop.status(id_) is Status.SENT
    assert len(lines(provider_log)) == 1


@pytest.mark.parametrize("point", ["let go uncommitted", "let go committed"])
def test_killed_when_a_sender_is_taken_again_what_waits_goes_all_the_same(
    shop: Shop, provider_log: Path, point: str
) -> None:
    sari = shop.customer()
    ids = [shop.schedule(sari, body=str(n)) for n in range(3)]
    now = clock.utcnow()
    with shop.inside(), transaction() as session:
        session.add(BlockedSender(channel="sms", gateway="console", reason="Refused.", probe_at=now))

    die_at(shop, point, jobs.deliver_due)

    assert len(lines(provider_log)) == 1, "one probe"
    for id_ in ids:
        time_passes(shop, id_)
    shop.work()
    assert {shop.status(id_) for id_ in ids} == {Status.SENT}
    assert len(lines(provider_log)) == len(ids)


def test_every_fail_point_is_tried() -> None:
    named = set()
    for path in (ROOT / "crm").rglob("*.py"):
        text = path.read_text()
        named |= {f"{name} {end}" for name in re.findall(r'committing\("(.+?)"\)', text) for end in ENDS}
        named |= set(re.findall(r'reach\("(.+?)"\)', text))
    named |= {f"{job.kind} {end}" for job in long_jobs(LongJob) for end in ENDS}
    tried = {point for point, *_ in DELIVERY} | {f"{name} {end}" for name in ("release", "let go") for end in ENDS}
    tests = {"bulk": "customers/test_bulk.py", "scan": "intake/test_scan.py"}
    tests |= dict.fromkeys(("import", "import check"), "imports/test_killed.py")
    for name, path in tests.items():
        text = (ROOT / "tests" / path).read_text()
        tried |= {point for point in (f"{name} {end}" for end in ENDS) if f'"{point}"' in text}
    exports = (ROOT / "tests" / "exports/test_exports.py").read_text()
    tried |= {name for name in ("export",) if f'"CRM_FAIL_POINT": "{name}"' in exports}
    assert named == tried


def long_jobs(kind: type[LongJob[Any]]) -> Iterator[type[LongJob[Any]]]:
    """Yield the long jobs of the product: each commits its batches under its kind's name."""
    for found in kind.__subclasses__():
        if hasattr(found, "kind") and found.__module__.startswith("crm."):
            yield found
        yield from long_jobs(found)


ENDS = ("uncommitted", "committed")


def die_at(shop: Shop, point: str, work: Callable[[], object]) -> None:
    """Do a worker's work in a process of its own that dies at `point`."""
    child = os.fork()
    if child == 0:
        try:
            fail_points._NAMED = point
            calls._threads = ThreadPoolExecutor(calls.MAX_CALLS)  # threads stay behind in a fork
            with shop.app.app_context():
                db.engine.dispose(close=False)
                work()
        finally:
            os._exit(3)
    _, code = os.waitpid(child, 0)
    assert os.WIFSIGNALED(code), f"{point} was not reached"
    assert os.WTERMSIG(code) == signal.SIGKILL


def time_passes(shop: Shop, id_: int) -> None:
    """Let the lease of a message, or the time to check on it, have run out."""
    past = clock.utcnow() - dt.timedelta(seconds=1)
    with shop.inside(), transaction() as session:
        session.execute(
            sa.update(Message).where(Message.id == id_, Message.lease_until.is_not(None)).values(lease_until=past)
        )
        limit = dt.timedelta(seconds=shop.app.config["MESSAGE_UNCONFIRMED_AFTER"])
        session.execute(
            sa.update(Message).where(Message.id == id_, Message.status == Status.UNKNOWN).values(status_at=past - limit)
        )
    if shop.due_at(id_) is not None:
        shop.look_now(id_)


@pytest.fixture
def provider_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which the gateway writes what it accepts, as it does so."""
    log, send = tmp_path / "accepted", Console.send

    def logged(self: Console, call: Call) -> Outcome:
        with log.open("a") as file:
            file.write(f"{call.attempt_id}\n")
        return send(self, call)

    monkeypatch.setattr(Console, "send", logged)
    return log


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []
