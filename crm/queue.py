"""The queue: a wake-up for work whose truth is in the database. Without Redis the worker finds the work itself."""

from __future__ import annotations

import functools
import logging
import threading

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue

from crm.db import after_commit

NAME = "crm"

stopping = threading.Event()
"""Set when this worker was asked to end: long work stops at its next safe point."""

log = logging.getLogger(__name__)


def enqueue(path: str, *args: int) -> None:
    """Run the job at the dotted `path` once the open transaction is committed.

    A queue that is away costs a second or two: the job's work is also on the list of due work.
    """
    after_commit(functools.partial(_send, path, args))


def connect(url: str) -> Redis:
    """Return a client that gives up after two seconds, so that a hung Redis doesn't hang pages."""
    return Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)


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


@functools.cache
def _client(url: str) -> Redis:
    return connect(url)


def _send(path: str, args: tuple[int, ...]) -> None:
    url = current_app.config["REDIS_URL"]
    if not url:
        return
    try:
        Queue(NAME, connection=_client(url)).enqueue(path, *args, result_ttl=0, failure_ttl=3600, job_timeout=120)
    except RedisError as error:
        log.warning("queue is away, the worker will find the work itself: %s", error)
