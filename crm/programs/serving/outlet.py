"""Write responses without waiting for slow readers: their share is stored until they take it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO

FLUSH_SIZE = 64 * 1024
"""Smaller pieces, such as headers, are sent together."""

PIECE = 256 * 1024
MAX_BACKLOG = 64 * 1024 * 1024
"""Beyond it a thread waits for the reader, up to MAX_WAIT seconds: long responses are streamed."""

MAX_WAIT = 30


class Outlet:
    """Stand in for the socket: threads write.

    The main thread drains after `on_backlog`, called in the writing thread.
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
        return self._backlog is not None

    def sendall(self, data: bytes) -> None:
        """Raise BrokenPipeError after the client has gone."""
        if self.is_broken:
            raise BrokenPipeError(32, "the client is gone")
        self._held.append(data)
        self._held_size += len(data)
        if self._held_size >= FLUSH_SIZE:
            self.flush()

    def send(self, data: bytes) -> int:
        self.sendall(data)
        self.flush()
        return len(data)

    def sendfile(self, file: IO[bytes], offset: int = 0, count: int | None = None) -> None:
        file.seek(offset)
        while data := file.read(PIECE if count is None else min(PIECE, count)):
            self.sendall(data)
            count = None if count is None else count - len(data)

    def flush(self) -> None:
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
        with self._room:
            self.is_broken = True
            if self._backlog is not None:
                self._backlog.close()
                self._backlog = None
            self._room.notify_all()

    def shutdown(self, how: int) -> None:
        """Only flush: the connection closes after everything is sent."""
        self.flush()

    def recv(self, size: int) -> bytes:
        """Return nothing: the request was read before."""
        return b""

    def settimeout(self, seconds: float | None) -> None:
        """Do nothing: no call waits."""

    def setblocking(self, flag: bool) -> None:
        """Do nothing: no call waits."""

    def gettimeout(self) -> float:
        return 0.0

    def _keep(self, backlog: IO[bytes], data: bytes) -> None:
        backlog.seek(self._write_at)
        backlog.write(data)
        self._write_at += len(data)
        has_room = self._room.wait_for(lambda: self._write_at - self._read_at < MAX_BACKLOG, MAX_WAIT)
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
