"""HTTP to providers: shared connections, timeouts, and errors that say how far a call got.

No retries: the delivery contract decides whether to send again.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from crm.values import clock

CONNECT, READ = 3.0, 10.0
"""Seconds."""

IDLE = 5.0
"""Seconds after which an unused connection is not reused: a request that meets its close has an unknown fate."""

CONNECTIONS = 160
"""Kept connections per provider."""

LONGEST_ANSWER = 1024 * 1024
LONGEST_PAUSE = 24 * 3600.0


class NoConnectionError(Exception):
    """Nothing was sent (name, refusal, TLS, timeout)."""


class LostError(Exception):
    """The request may have arrived; its answer did not."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer; names in `headers` are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        if not isinstance(found, dict):
            raise ValueError("not a JSON object")
        return found

    def retry_after(self) -> float:
        """Return the seconds of Retry-After, given as seconds or a date (RFC 9110); 0 for none."""
        value = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII):
            return min(float(value), LONGEST_PAUSE)
        until = _moment(value)
        if until is None:
            return 0
        now = _moment(self.headers.get("date", "")) or clock.utcnow()
        return min(max((until - now).total_seconds(), 0), LONGEST_PAUSE)


def request(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
    """Send one request; raises NoConnectionError and LostError."""
    try:
        response = _pools().urlopen(
            method, url, redirect=False, headers=headers, body=body, retries=False, preload_content=False
        )
        return Reply(response.status, _lower(response.headers), _read(response))
    except (OSError, HTTPError, HTTPException, ValueError) as error:
        raise LostError(str(error)) from error


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    body, end = bytearray(), time.monotonic() + READ
    while chunk := response.read1(65_536):
        body += chunk
        if len(body) > LONGEST_ANSWER or time.monotonic() > end:
            response.close()
            raise LostError("the answer has no end")
    response.release_conn()
    return bytes(body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _moment(value: str) -> dt.datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


class _Fresh:
    """A connection that reports failures to connect, and is not reused after IDLE."""

    used_at = 0.0

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]  # of the class it is mixed into
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            self.close()  # type: ignore[attr-defined]  # of the class it is mixed into
            raise NoConnectionError(str(error)) from error
        self.used_at = time.monotonic()

    def request(self, *args: Any, **kwargs: Any) -> None:
        self.used_at = time.monotonic()
        super().request(*args, **kwargs)  # type: ignore[misc]  # of the class it is mixed into

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self.used_at < IDLE and super().is_connected  # type: ignore[misc]  # of the class it is mixed into


class _Connection(_Fresh, HTTPConnection):
    pass


class _TlsConnection(_Fresh, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


@functools.cache
def _pools() -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=CONNECT, read=READ)
    manager = urllib3.PoolManager(maxsize=CONNECTIONS, timeout=timeout, retries=False, ca_certs=certifi.where())
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager


# Two processes on one connection would read each other's answers.
os.register_at_fork(after_in_child=_pools.cache_clear)
