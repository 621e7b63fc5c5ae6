"""The body of a request as it comes in: in memory while it is small, else on disk."""

from __future__ import annotations

import re
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from gunicorn.http.body import CHUNK_EXT_RE, LengthReader
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkExtension, InvalidChunkSize, LimitRequestHeaders

IN_MEMORY = 64 * 1024
MAX_CHUNK_LINE = 1024
MAX_TRAILERS = 8 * 1024
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")


class TooLargeError(Exception):
    """The body is longer than the page takes."""


class FullError(Exception):
    """The bodies that are on their way take all the room there is."""


class Room:
    """The bytes that all bodies of a worker may take together; only its main thread counts them."""

    def __init__(self, size: int) -> None:
        self.left = size


class Body:
    """Collects a body; `is_whole` says when it is complete, `file` is what was collected."""

    def __init__(self, room: Room) -> None:
        self.file = _spool()
        self.is_whole = False
        self.received = 0
        self._room = room

    @property
    def is_large(self) -> bool:
        """Whether what has come in so far is more than stays in memory."""
        return self.received > IN_MEMORY

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to the body and return the rest, which belongs to the next request."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what was collected."""
        self.file.close()
        self._room.left += self.received
        self.received = 0

    def _keep(self, data: bytes) -> None:
        """Write a piece; one that makes the body a large one needs room for it."""
        if self.received + len(data) > IN_MEMORY and len(data) > self._room.left:
            raise FullError
        self._room.left -= len(data)
        self.received += len(data)
        self.file.write(data)


def body_of(request: Any, limit: int, room: Room) -> Body:
    """Return the collector of a request's body by the framing that gunicorn's parser found."""
    reader = request.body.reader
    return SizedBody(reader.length, room) if isinstance(reader, LengthReader) else ChunkedBody(request, limit, room)


class SizedBody(Body):
    """A body of Content-Length bytes."""

    def __init__(self, length: int, room: Room) -> None:
        super().__init__(room)
        self.length = length
        self.is_whole = length == 0

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to the body and return the rest."""
        own = data[: self.length - self.received]
        self._keep(own)
        self.is_whole = self.received == self.length
        return data[len(own) :]


class ChunkedBody(Body):
    """A body in chunks (RFC 9112, 7.1), as strict as gunicorn's own reader, which can't stop in the middle of one."""

    def __init__(self, request: Any, limit: int, room: Room) -> None:
        super().__init__(room)
        self._request, self._limit = request, limit
        self._step = self._size
        self._left = 0
        self._buffer, self._at = b"", 0

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to the body and return the rest; raise what gunicorn's reader raises."""
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
    return SpooledTemporaryFile(max_size=IN_MEMORY)
