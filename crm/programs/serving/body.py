"""Receive a request's body: small in memory, large on disk."""

from __future__ import annotations

import re
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from gunicorn.http.body import CHUNK_EXT_RE, LengthReader
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkExtension, InvalidChunkSize, LimitRequestHeaders

MAX_IN_MEMORY = 64 * 1024
MAX_CHUNK_LINE = 1024
MAX_TRAILERS = 8 * 1024
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")


class TooLargeError(Exception):
    """The body exceeds the page's limit."""


class FullError(Exception):
    """The worker's room for bodies is used up."""


class Room:
    """The bytes left for all bodies of a worker; only the main thread counts them."""

    def __init__(self, size: int) -> None:
        self.left = size


class Body:
    def __init__(self, room: Room) -> None:
        self.file = _spool()
        self.is_whole = False
        self.received = 0
        self._room = room

    @property
    def is_large(self) -> bool:
        return self.received > MAX_IN_MEMORY

    def feed(self, data: bytes) -> bytes:
        """Take the body's bytes and return the rest, which belongs to the next request."""
        raise NotImplementedError

    def close(self) -> None:
        self.file.close()
        self._room.left += self.received
        self.received = 0

    def _keep(self, data: bytes) -> None:
        if self.received + len(data) > MAX_IN_MEMORY and len(data) > self._room.left:
            raise FullError
        self._room.left -= len(data)
        self.received += len(data)
        self.file.write(data)


def body_of(request: Any, limit: int, room: Room) -> Body:
    reader = request.body.reader
    return SizedBody(reader.length, room) if isinstance(reader, LengthReader) else ChunkedBody(request, limit, room)


class SizedBody(Body):
    def __init__(self, length: int, room: Room) -> None:
        super().__init__(room)
        self.length = length
        self.is_whole = length == 0

    def feed(self, data: bytes) -> bytes:
        own = data[: self.length - self.received]
        self._keep(own)
        self.is_whole = self.received == self.length
        return data[len(own) :]


class ChunkedBody(Body):
    """A chunked body (RFC 9112, 7.1), as strict as gunicorn's reader, which can't stop in the middle of one."""

    def __init__(self, request: Any, limit: int, room: Room) -> None:
        super().__init__(room)
        self._request, self._limit = request, limit
        self._step = self._size
        self._left = 0
        self._buffer, self._at = b"", 0

    def feed(self, data: bytes) -> bytes:
        self._buffer, self._at = self._buffer[self._at :] + data, 0
        while not self.is_whole and self._step():
            pass
        if not self.is_whole:
            return b""
        return self._buffer[self._at :]

    def _size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size, semicolon, extension = line.partition(b";")
        if semicolon and not CHUNK_EXT_RE.fullmatch(b";" + extension):
            raise InvalidChunkExtension("invalid chunk extension")
        size = size.rstrip(b" \t") if semicolon else size
        if not CHUNK_SIZE.fullmatch(size):
            raise InvalidChunkSize(size)
        self._left = int(size, 16)
        if self.received + self._left > self._limit:
            raise TooLargeError
        self._step = self._data if self._left else self._trailers
        return True

    def _data(self) -> bool:
        own = self._buffer[self._at : self._at + self._left]
        self._keep(own)
        self._left -= len(own)
        self._at += len(own)
        if self._left:
            return False
        self._step = self._end_of_data
        return True

    def _end_of_data(self) -> bool:
        end = self._buffer[self._at : self._at + 2]
        if len(end) < 2:
            return False
        if end != b"\r\n":
            raise ChunkMissingTerminator(end)
        self._at += 2
        self._step = self._size
        return True

    def _trailers(self) -> bool:
        if self._buffer.startswith(b"\r\n", self._at):
            self._at += 2
            self.is_whole = True
            return True
        end = self._buffer.find(b"\r\n\r\n", self._at)
        if (end if end >= 0 else len(self._buffer)) - self._at > MAX_TRAILERS:
            raise LimitRequestHeaders("limit request trailer section size")
        if end < 0:
            return False
        self._request.trailers = self._request.parse_headers(self._buffer[self._at : end], from_trailer=True)
        self._at = end + 4
        self.is_whole = True
        return True

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", self._at)
        if (end if end >= 0 else len(self._buffer)) - self._at > MAX_CHUNK_LINE:
            raise InvalidChunkSize(b"line too long")
        if end < 0:
            return None
        line = self._buffer[self._at : end]
        self._at = end + 2
        return line


def _spool() -> IO[bytes]:
    return SpooledTemporaryFile(max_size=MAX_IN_MEMORY)
