"""The queue: a wake-up for work whose truth is in the database. Without Redis the worker finds the work itself."""

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
PATIENCE = 2
"""Seconds that a page waits for Redis."""

AWAY = 10.0
"""After a failure the queue is left alone for so many seconds: pages don't wait for it again and again."""


class Stopping:
    """A flag that a signal handler may set at any moment: it has no lock that the interrupted code may hold."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        """Ask for the end."""
        self._set = True

    def clear(self) -> None:
        """Forget that it was asked for."""
        self._set = False

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._set

    def wait(self, seconds: float) -> bool:
        """Sleep for `seconds`, or until the end is asked for; return whether it was."""
        until = time.monotonic() + seconds
        while not self._set and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
        return self._set


stopping = Stopping()
"""Set when this worker was asked to end: long work stops at its next safe point."""

log = logging.getLogger(__name__)


def enqueue(path: str, *args: int) -> None:
    """Run the job at the dotted `path` once the open transaction is committed.

    A queue that is away costs a second or two: the job's work is also on the list of due work.
    """
    after_commit(functools.partial(_send, path, args))


def connect(url: str) -> Redis:
    """Return a client that gives up after PATIENCE, so that a hung Redis doesn't hang pages."""
    return Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE, retry=Retry(NoBackoff(), 0))


def open_queue(connection: Redis) -> Queue:
    """Return the queue of jobs. They are JSON: reading pickle runs what is written in it, whoever wrote into Redis."""
    return Queue(NAME, connection=connection, serializer=JSONSerializer)


def state() -> str:
    """Say how Redis is: ok, absent (not configured) or down."""
    url = current_app.config["REDIS_URL"]
    if not url:
        return "absent"
    try:
        _client(url).ping()
    except RedisError:
        return "down"
    return "ok"


def version() -> str | None:
    """Return the version of the Redis that answers, None when it has just gone."""
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
        _away_until[url] = time.monotonic() + AWAY
        log.warning("queue is away, the worker will find the work itself: %s", error)


_away_until: dict[str, float] = {}
