"""The queue wakes the worker for work that the database lists; without Redis the worker polls."""

from __future__ import annotations

import functools
import logging
import time

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from crm.kernel.db import after_commit

NAME = "crm"
TIMEOUT = 2
"""Seconds a page waits for Redis."""

BACKOFF = 10.0
"""Seconds the queue is skipped after a failure, so that not every page waits for it."""


class Stopping:
    """A flag that a signal handler may set at any time: without a lock that the interrupted code may hold."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        self._set = True

    def clear(self) -> None:
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self._set and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self._set


stopping = Stopping()
"""Set when this worker was asked to end: long work stops at its next safe point."""

log = logging.getLogger(__name__)


def enqueue(path: str, *args: int) -> None:
    """Run the job at the dotted `path` after the open transaction commits; Redis may be down, due work lists it too."""
    after_commit(functools.partial(_send, path, args))


def connect(url: str) -> Redis:
    return Redis.from_url(url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0))


def open_queue(connection: Redis) -> Queue:
    """Use JSON: reading pickle would run whatever somebody wrote into Redis."""
    return Queue(NAME, connection=connection, serializer=JSONSerializer)


def state() -> str:
    url = current_app.config["REDIS_URL"]
    if not url:
        return "absent"
    try:
        _client(url).ping()
    except RedisError:
        return "down"
    return "ok"


def version() -> str | None:
    try:
        return str(_client(current_app.config["REDIS_URL"]).info("server")["redis_version"])
    except RedisError:
        return None


@functools.cache
def _client(url: str) -> Redis:
    return connect(url)


def _send(path: str, args: tuple[int, ...]) -> None:
    url = current_app.config["REDIS_URL"]
    if not url or time.monotonic() < _away_until.get(url, 0):
        return
    try:
        open_queue(_client(url)).enqueue(path, *args, result_ttl=0, failure_ttl=3600, job_timeout=120)
    except RedisError as error:
        _away_until[url] = time.monotonic() + BACKOFF
        log.warning("queue is away, the worker will find the work itself: %s", error)


_away_until: dict[str, float] = {}
