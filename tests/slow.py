"""Clients that are slow on purpose: they hold their connections and give a server as little as they can."""

from __future__ import annotations

import contextlib
import http.client
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PACE = 2.0
"""Seconds between two bytes."""

GET = b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
LARGE = b"GET /static/app.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@dataclass(frozen=True)
class Kind:
    """What a client sends at once, what it sends byte by byte afterwards, and whether it reads."""

    at_once: bytes = b""
    slowly: bytes = b""
    reads: bool = True


KINDS = {
    "silent": Kind(),
    "one byte": Kind(b"G"),
    "slow headers": Kind(GET, b"X-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    "slow body": Kind(POST + FORM + b"Content-Length: 100000\r\n\r\n", b"a" * 1000),
    "slow large body": Kind(POST + FORM + b"Content-Length: 900000\r\n\r\n" + b"a" * 300_000, b"a" * 1000),
    "slow chunks": Kind(POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 200),
    "slow reader": Kind(LARGE * 40, b"", reads=False),
}


@dataclass
class Probe:
    """What became of the requests of others."""

    seconds: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Return how long a request took at most, of this share of them."""
        found = sorted(self.seconds)
        return found[min(len(found) - 1, int(share * len(found)))] if found else float("inf")


@contextlib.contextmanager
def slow_clients(url: str, kind: Kind, count: int) -> Iterator[Callable[[], int]]:
    """Keep `count` slow clients at work, again and again; what is yielded says how many are connected."""
    clients = _Clients(url, kind, count)
    thread = threading.Thread(target=clients.run, daemon=True)
    thread.start()
    try:
        yield lambda: len(clients.sockets)
    finally:
        clients.ended = True
        thread.join()


def probe(url: str, headers: dict[str, str], count: int, deadline: float, pause: float = 0.0) -> Probe:
    """Ask for a page `count` times, each on a connection of its own; one that takes too long is lost."""
    parts, found = urlsplit(url), Probe()
    for _ in range(count):
        started = time.monotonic()
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=deadline)
        try:
            connection.request("GET", parts.path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 400:
                found.lost.append(str(answer.status))
        except (OSError, http.client.HTTPException) as error:
            found.lost.append(repr(error))
        finally:
            connection.close()
        found.seconds.append(time.monotonic() - started)
        time.sleep(pause)
    return found


class _Clients:
    """All slow clients in one thread."""

    def __init__(self, url: str, kind: Kind, count: int) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._kind, self._count = kind, count
        self._selector = selectors.DefaultSelector()
        self.sockets: dict[socket.socket, int] = {}
        self.ended = False

    def run(self) -> None:
        while not self.ended:
            while len(self.sockets) < self._count and not self.ended:
                if not self._connect():
                    break
            until = time.monotonic() + PACE
            while not self.ended and (left := until - time.monotonic()) > 0:
                self._read(min(left, 0.1))
            for each in list(self.sockets):
                self._send_a_byte(each)
        for each in list(self.sockets):
            self._drop(each)

    def _connect(self) -> bool:
        client = socket.socket()
        if not self._kind.reads:
            # Small segments and a small window: the server's buffers fill up as they do on a real network.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.settimeout(2)
        try:
            client.connect(self._address)
            client.sendall(self._kind.at_once)
        except OSError:
            client.close()
            return False
        client.setblocking(False)
        self.sockets[client] = 0
        if self._kind.reads:
            self._selector.register(client, selectors.EVENT_READ)
        return True

    def _read(self, timeout: float) -> None:
        for key, _ in self._selector.select(timeout):
            client: socket.socket = key.fileobj  # type: ignore[assignment]  # nothing else is registered
            try:
                if client.recv(65536):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            self._drop(client)

    def _send_a_byte(self, client: socket.socket) -> None:
        sent = self.sockets[client]
        if sent < len(self._kind.slowly):
            try:
                client.send(self._kind.slowly[sent : sent + 1])
            except OSError:
                self._drop(client)
            else:
                self.sockets[client] += 1

    def _drop(self, client: socket.socket) -> None:
        if self._kind.reads:
            self._selector.unregister(client)
        del self.sockets[client]
        client.close()
