from __future__ import annotations

import enum
import socket
import time
from collections.abc import Callable
from typing import Any

from gunicorn.http import get_parser
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import LimitRequestHeaders

from crm.programs.serving.body import MAX_IN_MEMORY, Body, Room, SizedBody, body_of
from crm.programs.serving.outlet import Outlet

HEAD = 15
"""Seconds for the head of a request from its first byte, and for the first byte after connecting."""

BODY, READING = 20, 30
"""Seconds for sending a body and for reading an answer; the rates below add to them."""

RATE, LARGE_RATE = 500, 8000
"""Bytes a second that a client must send or read, and send of a large body: half of a slow phone's."""

PAUSE = 60
"""Seconds the sender of a large body may pause, however fast it was before."""

LINGER = 10
"""Seconds to read a refusal, while further input is discarded."""

MAX_HEAD = 64 * 1024


class ConnectionState(enum.Enum):
    IDLE = "the first byte of a request"
    HEAD = "the rest of the head"
    BODY = "the rest of the body"
    SERVED = "the application"
    SENDING = "the reader"
    CLOSING = "the client to close"


class Connection:
    """One client, with the `sock`, `client` and `server` that gunicorn's `handle_request` expects."""

    def __init__(
        self, raw: socket.socket, client: Any, server: Any, on_backlog: Callable[[Connection], None], room: Room
    ) -> None:
        self.raw, self.client, self.server, self._room = raw, client, server, room
        self.sock = Outlet(raw, lambda: on_backlog(self))
        self.state, self.since, self.allowed = ConnectionState.IDLE, time.monotonic(), float(HEAD)
        self.request: Any = None
        self.body: Body | None = None
        self.is_cut_off = False
        """The client may still be sending what nobody reads."""
        self.keeps = False
        self._head = bytearray()
        self._looked_at = 0

    def enter(self, state: ConnectionState, allowed: float) -> None:
        """Wait in a state for `allowed` seconds, more if the client keeps up the rate."""
        self.state, self.since, self.allowed = state, time.monotonic(), allowed

    def is_late(self, now: float) -> bool:
        if self.state is ConnectionState.SERVED:
            return False
        moved = self.sock.sent if self.state is ConnectionState.SENDING else 0
        return now - self.since > self.allowed + moved / RATE

    def feed(self, data: bytes, cfg: Any, limit_of: Callable[[Any], int]) -> bool:
        """Return whether a request is complete; raises like gunicorn's parser, TooLargeError and FullError."""
        if self.body is None:
            self._head += data
            if not self._head:
                return False
            if self.state is ConnectionState.IDLE:
                self.enter(ConnectionState.HEAD, HEAD)
            if not self._has_head():
                return False
            self.body, data = self._parse(cfg, limit_of)
        before = self.body.received
        self._head += self.body.feed(data)
        self._allow(self.body, self.body.received - before)
        return self.body.is_whole

    def take(self) -> None:
        self.request.body = self.body.file if self.body else None
        self.request.body.seek(0)
        self.sock.sent = 0
        self.enter(ConnectionState.SERVED, 0)

    def cut_body(self, limit: int) -> None:
        """Leave it to the application to refuse a chunked body that went beyond the limit: by a length, as others."""
        if self.body is not None:
            self.body.close()
        others = [(name, value) for name, value in self.request.headers if name != "TRANSFER-ENCODING"]
        self.request.headers = [*others, ("CONTENT-LENGTH", str(limit + 1))]
        self._refuse_body()

    def next(self) -> None:
        self.forget()
        self._looked_at = 0

    def forget(self) -> None:
        if self.body is not None:
            self.body.close()
        self.body = self.request = None

    @property
    def has_more(self) -> bool:
        return bool(self._head)

    def _allow(self, body: Body, moved: int) -> None:
        """Extend the deadline by the bytes received; the sender of a large body can't save time up for hours."""
        if body.is_large:
            passed = time.monotonic() - self.since
            self.allowed = min(self.allowed + moved / LARGE_RATE, passed + PAUSE)
        else:
            self.allowed += moved / RATE

    def _refuse_body(self) -> Body:
        self.is_cut_off = True
        self.request.force_close()
        self._head.clear()
        self.body = SizedBody(0, self._room)
        return self.body

    def _has_head(self) -> bool:
        found = self._head.find(b"\r\n\r\n", max(0, self._looked_at - 3))
        self._looked_at = len(self._head)
        if (found if found >= 0 else len(self._head)) > MAX_HEAD:
            raise LimitRequestHeaders("limit request headers size")
        return found >= 0

    def _parse(self, cfg: Any, limit_of: Callable[[Any], int]) -> tuple[Body, bytes]:
        parser = get_parser(cfg, [bytes(self._head)], self.client)
        self._head.clear()
        self.request = request = next(parser)
        came_with_it: bytes = parser.unreader.take_buffered()
        reader = request.body.reader
        is_small = isinstance(reader, LengthReader) and reader.length <= MAX_IN_MEMORY
        limit = MAX_IN_MEMORY if is_small else limit_of(request)
        expects_word, request._expected_100_continue = request._expected_100_continue, False
        if isinstance(reader, LengthReader) and reader.length > limit:
            # The application refuses it by its Content-Length, without waiting for the body.
            return self._refuse_body(), b""
        self.enter(ConnectionState.BODY, BODY)
        body = body_of(request, limit, self._room)
        if expects_word and not body.is_whole and not came_with_it:
            self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return body, came_with_it
