"""One client's connection: which state it is in, and when it has taken too long for it."""

from __future__ import annotations

import enum
import socket
import time
from collections.abc import Callable
from typing import Any

from gunicorn.http import get_parser
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import LimitRequestHeaders

from crm.programs.serving.body import IN_MEMORY, Body, Room, SizedBody, body_of
from crm.programs.serving.outlet import Outlet

HEAD = 15
"""Seconds within which the head of a request has to be here, from its first byte, and the first byte of the first."""

BODY, READING = 20, 30
"""Seconds that a client has in any case to send a body, and to read an answer; beyond, the rates decide."""

RATE, LARGE_RATE = 500, 8000
"""Bytes a second that a client has to send or to read, and to send of a large body: half of a slow phone's."""

PAUSE = 60
"""Seconds that the sender of a large body may be silent, however fast it was before."""

LINGER = 10
"""Seconds that a client has to read a refusal, while what it goes on sending is thrown away."""

MAX_HEAD = 64 * 1024


class State(enum.Enum):
    """What a connection is waiting for."""

    IDLE = "the first byte of a request"
    HEAD = "the rest of the head"
    BODY = "the rest of the body"
    SERVED = "the application"
    SENDING = "the reader"
    CLOSING = "the client to close"


class Connection:
    """One client, as gunicorn's `handle_request` expects it: `sock`, `client`, `server`.

    `limit_of` says how long the body of a request may be.
    """

    def __init__(
        self, raw: socket.socket, client: Any, server: Any, on_backlog: Callable[[Connection], None], room: Room
    ) -> None:
        self.raw, self.client, self.server, self._room = raw, client, server, room
        self.sock = Outlet(raw, lambda: on_backlog(self))
        self.state, self.since, self.allowed = State.IDLE, time.monotonic(), float(HEAD)
        self.request: Any = None
        self.body: Body | None = None
        self.is_cut_off = False
        """Whether the client may be sending still what nobody reads."""
        self.keeps = False
        """Whether another request may follow."""
        self._head = bytearray()
        self._looked_at = 0

    def enter(self, state: State, allowed: float) -> None:
        """Begin to wait for something for `allowed` seconds, and longer if the client keeps up the rate."""
        self.state, self.since, self.allowed = state, time.monotonic(), allowed

    def is_late(self, now: float) -> bool:
        """Whether the client has used up its time."""
        if self.state is State.SERVED:
            return False
        moved = self.sock.sent if self.state is State.SENDING else 0
        return now - self.since > self.allowed + moved / RATE

    def feed(self, data: bytes, cfg: Any, limit_of: Callable[[Any], int]) -> bool:
        """Take what came in; return whether a request is here as a whole.

        Raises what gunicorn's parser raises, TooLargeError and FullError.
        """
        if self.body is None:
            self._head += data
            if not self._head:
                return False
            if self.state is State.IDLE:
                self.enter(State.HEAD, HEAD)
            if not self._has_head():
                return False
            self.body, data = self._parse(cfg, limit_of)
        before = self.body.received
        self._head += self.body.feed(data)
        self._allow(self.body, self.body.received - before)
        return self.body.is_whole

    def take(self) -> None:
        """Hand the request over: its body is a file that is there as a whole."""
        self.request.body = self.body.file if self.body else None
        self.request.body.seek(0)
        self.sock.sent = 0
        self.enter(State.SERVED, 0)

    def next(self) -> None:
        """Be ready for the next request, parts of which may be here."""
        self.forget()
        self._looked_at = 0

    def forget(self) -> None:
        """Let go of the request."""
        if self.body is not None:
            self.body.close()
        self.body = self.request = None

    @property
    def has_more(self) -> bool:
        """Whether bytes of a further request are here."""
        return bool(self._head)

    def _allow(self, body: Body, moved: int) -> None:
        """Give time for what came in; the sender of a large body can't save it up to take room for hours."""
        if body.is_large:
            passed = time.monotonic() - self.since
            self.allowed = min(self.allowed + moved / LARGE_RATE, passed + PAUSE)
        else:
            self.allowed += moved / RATE

    def _has_head(self) -> bool:
        found = self._head.find(b"\r\n\r\n", max(0, self._looked_at - 3))
        self._looked_at = len(self._head)
        if (found if found >= 0 else len(self._head)) > MAX_HEAD:
            raise LimitRequestHeaders("limit request headers size")
        return found >= 0

    def _parse(self, cfg: Any, limit_of: Callable[[Any], int]) -> tuple[Body, bytes]:
        """Read the head by gunicorn's parser; return the collector of the body, and what is here of it."""
        parser = get_parser(cfg, [bytes(self._head)], self.client)
        self._head.clear()
        self.request = request = next(parser)
        came_with_it: bytes = parser.unreader.take_buffered()
        reader = request.body.reader
        is_small = isinstance(reader, LengthReader) and reader.length <= IN_MEMORY
        limit = IN_MEMORY if is_small else limit_of(request)
        expects_word, request._expected_100_continue = request._expected_100_continue, False
        if isinstance(reader, LengthReader) and reader.length > limit:
            # The application refuses it by its Content-Length; what is sent is not waited for.
            self.is_cut_off = True
            request.force_close()
            return SizedBody(0, self._room), b""
        self.enter(State.BODY, BODY)
        body = body_of(request, limit, self._room)
        if expects_word and not body.is_whole and not came_with_it:
            self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return body, came_with_it
