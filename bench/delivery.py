"""Delivery: one worker with a gateway that does nothing, beside RQ with a job for each message, in one run.

`python bench/delivery.py` runs it alone. SIZE is the number of scheduled messages for lateness, threads and memory.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
import sqlalchemy as sa  # noqa: E402
from flask import Flask  # noqa: E402

from bench.targets import Bench, alone  # noqa: E402
from crm import create_app  # noqa: E402
from crm.accounts.models import Organization  # noqa: E402
from crm.kernel.db import transaction  # noqa: E402
from crm.kernel.extensions import db  # noqa: E402
from crm.kernel.tenancy import use_organization  # noqa: E402
from crm.kernel.work.due import DueWork  # noqa: E402
from crm.messages.models import Attempt, Message  # noqa: E402
from crm.programs.redis_server import find_redis, start_redis  # noqa: E402
from crm.values import clock  # noqa: E402
from tests.product import flask  # noqa: E402
from tests.servers import BIN, Process  # noqa: E402

PACE = 0.02
"""Seconds between two messages whose lateness is measured."""


@dataclass(frozen=True)
class Sizes:
    """How many messages there are for the speed and for the lateness, and what goes with it."""

    due: int = 5_000
    spread: int = 1_000
    before: int = 15
    """Seconds before the first of those whose lateness is measured."""
    settle: int = 5
    """Seconds before and after it."""
    jobs: int = 500
    """RQ's, to compare with."""


@dataclass(frozen=True)
class Figures:
    """What one worker does on one database."""

    rate: float
    p50: float
    p95: float
    memory: tuple[int, int]
    threads: tuple[int, int]


def compare(bench: Bench, scheduled: int, sizes: Sizes = Sizes()) -> None:
    """Print what a worker delivers on each database, beside RQ's own way of doing it."""
    theirs = _rq(bench, sizes)
    sys.stdout.write(f"\ndelivery by one worker, {scheduled:,} messages scheduled besides\n")
    for name, rate in theirs.items():
        sys.stdout.write(f"{'RQ, ' + name:<28}{rate:>8.0f}/s\n")
    for kind in ("sqlite", "postgresql"):
        ours = _measure(bench, kind, scheduled, sizes)
        ratios = ", ".join(f"{ours.rate / rate:.1f} x {name}" for name, rate in theirs.items())
        sys.stdout.write(
            f"{'ours, ' + kind:<28}{ours.rate:>8.0f}/s  {ratios}; late p50 {ours.p50:.2f} s, p95 {ours.p95:.2f} s; "
            f"memory {ours.memory[0]} → {ours.memory[1]} MB, threads {ours.threads[0]} → {ours.threads[1]}\n"
        )


def _measure(bench: Bench, kind: str, scheduled: int, sizes: Sizes) -> Figures:
    environ = bench.empty_installation(kind, "delivery")
    flask(environ, "db", "upgrade")
    app = create_app(environ, bench.directory / "delivery")
    _load(environ, sizes.due, -1)
    with _worker(environ, bench.directory / "worker.log") as worker:
        rate = _rate(app, sizes)
        small = _weight(worker)
    _load(environ, scheduled, 30 * 24 * 3600)
    _load(environ, sizes.spread, 24 * 3600)
    with _worker(environ, bench.directory / "worker.log") as worker:
        time.sleep(sizes.settle)
        p50, p95 = _lateness(app, sizes)
        large = _weight(worker)
    return Figures(rate, p50, p95, (small[0], large[0]), (small[1], large[1]))


def _load(environ: dict[str, str], count: int, due_in: int) -> None:
    flask(environ, "demo", "load", "--messages", str(count), "--due-in", str(due_in))


@contextlib.contextmanager
def _worker(environ: dict[str, str], log: Path) -> Iterator[Process]:
    process = Process.start([str(BIN / "flask"), "--app", "wsgi", "worker"], log, environ)
    try:
        yield process
    finally:
        process.stop()


def _rate(app: Flask, sizes: Sizes) -> float:
    """Return messages per second, from the first call to the last answer, both by the database's clock."""
    with _demo(app):
        while db.session.scalars(sa.select(sa.func.count(DueWork.subject_id))).one():
            db.session.rollback()
            time.sleep(0.2)
        first, last = db.session.execute(
            sa.select(sa.func.min(Attempt.started_at), sa.func.max(Attempt.finished_at))
        ).one()
        return sizes.due / float((last - first).total_seconds())


def _lateness(app: Flask, sizes: Sizes) -> tuple[float, float]:
    """Let messages be due one after the other; return p50 and p95 of the seconds from then to their call."""
    with _demo(app):
        soon = sa.select(Message.id).order_by(Message.send_at, Message.id).where(Message.status == "scheduled")
        ids = db.session.scalars(soon.limit(sizes.spread)).all()
        now = db.session.scalars(sa.select(sa.func.max(Attempt.finished_at))).one()
        start = max(now, clock.utcnow()) + dt.timedelta(seconds=sizes.before)
        rows = [{"id_": id_, "at": start + dt.timedelta(seconds=PACE * place)} for place, id_ in enumerate(ids)]
        with transaction() as session:
            connection = session.connection()
            for table, key, column in ((Message, "id", "send_at"), (DueWork, "subject_id", "due_at")):
                this = table.__table__.c[key] == sa.bindparam("id_")
                connection.execute(sa.update(table.__table__).where(this).values({column: sa.bindparam("at")}), rows)
        assert clock.utcnow() < start, "the machine is too busy"
        time.sleep(sizes.before + PACE * sizes.spread + sizes.settle)
        sent = db.session.execute(
            sa.select(Attempt.started_at, Message.send_at)
            .join(Message, Message.id == Attempt.message_id)
            .where(Message.send_at >= start, Message.send_at <= start + dt.timedelta(seconds=PACE * sizes.spread))
        ).all()
    assert len(sent) == sizes.spread, f"{len(sent)} of {sizes.spread} were sent in time"
    late = sorted((row.started_at - row.send_at).total_seconds() for row in sent)
    return late[len(late) // 2], late[int(0.95 * len(late))]


@contextlib.contextmanager
def _demo(app: Flask) -> Iterator[None]:
    with app.app_context():
        id_ = db.session.scalars(sa.select(Organization.id).where(Organization.slug == "demo")).one()
        with use_organization(id_):
            yield


def _weight(worker: Process) -> tuple[int, int]:
    """Return the resident memory in MB and the number of threads."""
    process = psutil.Process(worker.popen.pid)
    return process.memory_info().rss // 2**20, process.num_threads()


def _rq(bench: Bench, sizes: Sizes) -> dict[str, float]:
    """Return the jobs per second of RQ's workers, by the shared benchmark of them."""
    program = find_redis()
    if program is None:
        return {}
    server = start_redis(program, bench.directory / "redis")
    try:
        command = [sys.executable, str(bench.seed / "rq_bench.py"), "--redis", server.url, "--jobs", str(sizes.jobs)]
        done = subprocess.run(
            [*command, "--rounds", "1", "--late", "5"],
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        server.stop()
    names = {"Worker": "forking", "SimpleWorker": "simple"}
    found = re.findall(r"^(\w+) +burst.*? ([\d.]+) jobs/s", done.stdout, re.MULTILINE)
    return {names[name]: float(rate) for name, rate in found if name in names}


if __name__ == "__main__":
    alone(lambda bench: compare(bench, int(os.environ.get("SIZE") or 100_000)))
