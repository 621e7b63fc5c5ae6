"""The worker's processes in a run, what happens to them, and how the run ends."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.models import Message
from crm.messages.rules import Status
from tests.faults.invariants import FINISHED
from tests.messages.shop import Shop
from tests.servers import BIN, Process

# A lease has to be longer than the time that a process may lie still on a busy machine between two of its steps.
LIMITS = {"MESSAGE_LEASE": "4", "MESSAGE_UNCONFIRMED_AFTER": "1"}
ENDED = {status.value for status in FINISHED}


@dataclass
class Crew:
    """Workers of one installation; those that end are replaced."""

    environ: dict[str, str]
    directory: Path
    at_work: list[Process] = field(default_factory=list)
    started: int = 0

    def start(self, **more: str) -> Process:
        """Start one more."""
        self.started += 1
        log = self.directory / f"worker-{self.started}.log"
        command = [str(BIN / "flask"), "--app", "wsgi", "worker"]
        # Another clock is for a whole process, from its beginning on.
        start = Process.start if "PYTHONPATH" in more else Process.fork
        self.at_work.append(start(command, log, LIMITS | self.environ | more))
        return self.at_work[-1]

    def replace_oldest(self, end: Callable[[Process], object]) -> None:
        """End the one that is longest at work in some way, and start another."""
        end(self.at_work.pop(0))
        self.start()

    def no_traceback(self) -> bool:
        """Whether no worker has written one."""
        return all("Traceback" not in log.read_text() for log in self.directory.glob("worker-*.log"))


@contextlib.contextmanager
def crew(environ: dict[str, str], directory: Path, count: int) -> Iterator[Crew]:
    """Have `count` workers at work; all of them are gone afterwards."""
    workers = Crew(environ, directory)
    try:
        for _ in range(count):
            workers.start()
        yield workers
    finally:
        for process in workers.at_work:
            process.end()


def load(shop: Shop, count: int, due_in: float = -1, gateway: str = "twilio", text: str = "") -> None:
    """Give the shop `count` messages to as many customers; `text` stands before that of each."""
    shop.set(sms_gateway=gateway)
    arguments = ["demo", "load", "--messages", str(count), "--due-in", str(due_in), "--organization", "shop"]
    done = shop.app.test_cli_runner().invoke(args=arguments)
    assert done.exit_code == 0, done.output
    if text:
        with shop.inside(), transaction():
            db.session.execute(sa.update(Message).values(body=text + " " + Message.body))


def states(shop: Shop) -> Counter[str]:
    """Return how many messages are in each state."""
    number = sa.func.count(Message.id).label("number")
    with shop.inside():
        rows = db.session.execute(sa.select(Message.status, number).group_by(Message.status))
        return Counter({row.status: row.number for row in rows})


def most_submitting(shop: Shop) -> int:
    """Return how many messages are being handed over by the worker that has most of them in its hands."""
    number = sa.func.count(Message.id)
    of_each = sa.select(number).where(Message.status == Status.SUBMITTING).group_by(Message.claim_token)
    with shop.inside():
        return max(db.session.scalars(of_each), default=0)


def wait_for_the_end(shop: Shop, seconds: float, every: float = 2, disturb: Callable[[], object] | None = None) -> None:
    """Wait until every message has an end, and do something every so many seconds until then."""
    deadline, next_ = time.monotonic() + seconds, time.monotonic() + every
    while set(found := states(shop)) - ENDED:
        if time.monotonic() > deadline:
            raise AssertionError(f"no end within {seconds:g} s: {found}")
        if disturb and time.monotonic() > next_:
            disturb()
            next_ = time.monotonic() + every
        time.sleep(0.2)


def share_done(shop: Shop) -> float:
    """Return which part of the messages has left the shop, from 0 to 1."""
    found = states(shop)
    return sum(found[status] for status in ENDED) / found.total()


def unconfirmed(shop: Shop) -> int:
    """Return how many messages nobody can be sure about."""
    return states(shop)[Status.UNCONFIRMED]
