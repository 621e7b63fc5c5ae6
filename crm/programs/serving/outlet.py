"""What a response is written to: a thread never waits for a slow reader, whose share is kept until they take it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO

HOLD = 64 * 1024
"""Small pieces, the headers among them, are sent in one go."""

PIECE = 256 * 1024
MAX_BACKLOG = 64 * 1024 * 1024
"""A response of any length is streamed: beyond so much a thread does wait for the reader, but not for ever."""

PATIENCE = 30


class Outlet:
    """The side of a connection that gunicorn writes to, as if it were its socket.

    Threads write; the main thread drains what a reader did not take at once. `on_backlog` is called, in the thread,
    when there is something to drain.
    """

    def __init__(self, sock: socket.socket, on_backlog: Callable[[], None]) -> None:
        self._sock, self._on_backlog = sock, on_backlog
        self._held: list[bytes] = []
        self._held_size = 0
        self._room = threading.Condition()
        self._backlog: IO[bytes] | None = None
        self._read_at = self._write_at = 0
        self.sent = 0
        self.is_broken = False

    @property
    def has_backlog(self) -> bool:
        """Whether the reader has not taken all of it yet."""
        return self._backlog is not None

    def sendall(self, data: bytes) -> None:
        """Send, or keep to be sent; BrokenPipeError once the reader is gone."""
        if self.is_broken:
            raise BrokenPipeError(32, "the client is gone")
        self._held.append(data)
        self._held_size += len(data)
        if self._held_size >= HOLD:
            self.flush()

    def send(self, data: bytes) -> int:
        """Send at once, as an interim answer has to be."""
        self.sendall(data)
        self.flush()
        return len(data)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> None:
        """Send `count` bytes of a file from where it stands."""
        file.seek(offset)
        while data := file.read(PIECE if count is None else min(PIECE, count)):
            self.sendall(data)
            count = None if count is None else count - len(data)

    def flush(self) -> None:
        """Send what was held back."""
        data = b"".join(self._held)
        self._held.clear()
        self._held_size = 0
        with self._room:
            if self._backlog is None:
                data = data[self._send(data) :]
                if data:
                    self._backlog = SpooledTemporaryFile(max_size=PIECE)  # noqa: SIM115 -- closed once it is drained
                    self._read_at = self._write_at = 0
                    self._on_backlog()
            if data and self._backlog is not None:
                self._keep(self._backlog, data)

    def drain(self) -> None:
        """Send more of what is kept; called when the socket takes some."""
        with self._room:
            if self._backlog is None:
                return
            self._backlog.seek(self._read_at)
            self._read_at += self._send(self._backlog.read(PIECE))
            if self.is_broken or self._read_at == self._write_at:
                self._backlog.close()
                self._backlog = None
            self._room.notify_all()

    def close(self) -> None:
        """Forget what is kept; whoever still writes learns that the reader is gone."""
        with self._room:
            self.is_broken = True
            if self._backlog is not None:
                self._backlog.close()
                self._backlog = None
            self._room.notify_all()

    def shutdown(self, how: int) -> None:
        """Only flush: the connection is closed once all is sent."""
        self.flush()

    def recv(self, size: int) -> bytes:
        """Return nothing: the request was read as a whole before."""
        return b""

    def settimeout(self, seconds: float | None) -> None:
        """Do nothing: no call waits."""

    def setblocking(self, flag: bool) -> None:
        """Do nothing: no call waits."""

    def gettimeout(self) -> float:
        """Say that no call waits."""
        return 0.0

    def _keep(self, backlog: IO[bytes], data: bytes) -> None:
        backlog.seek(self._write_at)
        backlog.write(data)
        self._write_at += len(data)
        has_room = self._room.wait_for(lambda: self._write_at - self._read_at < MAX_BACKLOG, PATIENCE)
        if self.is_broken or not has_room:
            self.is_broken = True
            raise BrokenPipeError(32, "the client is gone, or reads too slowly")

    def _send(self, data: bytes) -> int:
        try:
            sent = self._sock.send(data) if data else 0
        except BlockingIOError:
            return 0
        except OSError:
            self.is_broken = True
            return len(data)
        self.sent += sent
        return sent
