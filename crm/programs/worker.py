"""The worker process: it executes the queue and periodic jobs; several may run.

Periodic jobs poll the database; the queue only starts work sooner. The main thread serves it while Redis answers, and
reconnects otherwise. At TERM or INT running work is finished, within 10 seconds.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus
from sqlalchemy.exc import OperationalError

from crm.kernel import health, queue
from crm.kernel.manifest import catalog
from crm.kernel.queue import stopping

BEAT_INTERVAL = 5
RECONNECT_DELAY = 2
GRACE = 9
"""Seconds after TERM at which the process exits; leases make unfinished work due again."""

log = logging.getLogger(__name__)


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Execute the queue and all that is due, until TERM or INT."""
    Worker(current_app._get_current_object()).run()  # type: ignore[attr-defined]  # Werkzeug's proxy hides it


class Worker:
    def __init__(self, app: Flask) -> None:
        self._app = app
        with app.app_context():
            self._jobs = catalog().jobs
        self._name = f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._rq: QueueWorker | None = None
        self._is_waiting = False
        """Whether an exception in the main thread interrupts nothing but a job of the queue."""

    def run(self) -> None:
        jobs = [job for job in self._jobs for _ in range(job.threads)]
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        tickers = [self._start(job.seconds, _load(job.path), job.path) for job in jobs]
        tickers.append(self._start(BEAT_INTERVAL, lambda: health.beat(self._name), "beat"))
        self._start_watchdog()
        log.info("worker %s is at work", self._name)
        with contextlib.suppress(StopRequested):
            self._is_waiting = True
            self._serve_queue()
        for ticker in tickers:
            ticker.join()
        with contextlib.suppress(OperationalError):
            health.end_beat(self._name)

    def _serve_queue(self) -> None:
        url = self._app.config["REDIS_URL"]
        while not stopping.is_set():
            if url:
                try:
                    self._rq = QueueWorker(self._app, url)
                    self._rq.work(logging_level="WARNING")
                except RedisError as error:
                    log.warning("queue is away, work is found by ticking: %s", error)
                self._rq = None
            stopping.wait(RECONNECT_DELAY)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if stopping.is_set():
            return
        stopping.set()
        has_job = self._rq is not None and self._rq.finish_job_and_stop()
        if self._is_waiting and not has_job:
            raise StopRequested

    def _start(self, seconds: float, job: Callable[[], Any], name: str) -> threading.Thread:
        thread = threading.Thread(target=self._tick, args=(seconds, job, name), name=name, daemon=True)
        thread.start()
        return thread

    def _tick(self, seconds: float, job: Callable[[], Any], name: str) -> None:
        """Repeat `job`, again at once if it returned True; exceptions are logged."""
        while not stopping.is_set():
            more = False
            try:
                with self._app.app_context():
                    more = job() is True
            except OperationalError as error:
                log.warning("%s: the database is away: %s", name, error.orig)
            except Exception:
                log.exception("%s failed", name)
            if not more:
                stopping.wait(seconds)

    def _start_watchdog(self) -> None:
        threading.Thread(target=self._end_at_last, name="watchdog", daemon=True).start()

    def _end_at_last(self) -> None:
        while not stopping.wait(60):
            pass
        time.sleep(GRACE)
        log.warning("worker %s: what is still in flight is left to its lease", self._name)
        os._exit(0)


class QueueWorker(SimpleWorker):
    """RQ's worker in this thread, with an application context for each job.

    Without RQ's thread for commands over Redis, and without sign-off from a Redis that may hang: its key expires.
    """

    max_connection_wait_time = 5.0

    def __init__(self, app: Flask, url: str) -> None:
        queue.connect(url).ping()
        # RQ lengthens the timeouts of new connections: it waits longer than pages do.
        connection = queue.connect(url)
        super().__init__(
            [queue.open_queue(connection)],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=30,
            maintenance_interval=10,
            job_monitoring_interval=5,
        )
        self._app = app

    def perform_job(self, job: Job, queue: Queue) -> bool:
        with self._app.app_context():
            return super().perform_job(job, queue)

    def finish_job_and_stop(self) -> bool:
        self._stop_requested = True
        return bool(self.get_state() == WorkerStatus.BUSY)

    def subscribe(self) -> None:
        """Take no commands."""

    def unsubscribe(self) -> None:
        """Take no commands."""

    def teardown(self) -> None:
        """Say no goodbye."""

    def _install_signal_handlers(self) -> None:
        """Keep the handlers of Worker."""


def _load(path: str) -> Callable[[], Any]:
    module, _, name = path.partition(":")
    loaded: Callable[[], Any] = getattr(importlib.import_module(module), name)
    return loaded
