"""A gunicorn worker in which slow clients hold no thread.

The main thread reads all requests and drains slow readers. Other threads get complete requests and never wait for a
client: a slow one costs a socket and, beyond some kilobytes, a file. gunicorn's parser and response do the rest.
"""

from __future__ import annotations

import contextlib
import errno
import resource
import selectors
import socket
import time
from concurrent.futures import Future
from typing import Any

from flask import Flask
from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

from crm.programs.serving.body import FullError, Room, TooLargeError
from crm.programs.serving.connection import LINGER, READING, Connection, ConnectionState
from crm.web.uploads import limit_for

RECEIVE = 64 * 1024
FILES = 8192
"""Open files of a worker: a socket and a file or two for each connection."""

MAX_HELD = 1 << 30
"""Bytes of all bodies in a worker; beyond it, a large body gets 503."""

SWEEP_INTERVAL = 0.5
STOP_LINGER = 0.5
"""Seconds an idle connection stays open at the end: a request may be on its way."""


class BufferedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    wsgi: Flask

    def init_process(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))
        self._connections: set[Connection] = set()
        self._room = Room(MAX_HELD)
        self._swept = 0.0
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Accept a client; without room, drop the one that has waited longest."""
        try:
            raw, client = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                self.log.warning("a connection was not accepted: %s", error)
            return
        if self.nr_conns >= self.worker_connections - 1:
            self._make_room()
        raw.setblocking(False)
        connection = Connection(raw, client, listener.getsockname(), self._on_backlog, self._room)
        self._connections.add(connection)
        self.nr_conns += 1
        self._read_on(connection)

    def handle(self, connection: Connection) -> bool:
        try:
            keeps = bool(self.handle_request(connection.request, connection))
            connection.sock.flush()
        except StopIteration:
            return False
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.ECONNRESET):
                self.log.exception("an answer was not written")
            return False
        except Exception as error:
            self._refuse(connection, error)
            return False
        return keeps

    def finish_request(self, connection: Connection, done: Future[bool]) -> None:
        keeps = not done.cancelled() and done.exception() is None and done.result()
        connection.forget()
        connection.enter(ConnectionState.CLOSING, LINGER)
        if connection.sock.is_broken:
            self._drop(connection)
        elif connection.sock.has_backlog:
            connection.enter(ConnectionState.SENDING, READING)
            connection.keeps = keeps
            self._watch(connection, selectors.EVENT_WRITE)
        else:
            self._after(connection, keeps)

    def murder_pending(self) -> None:
        """Drop late clients; gunicorn's loop calls it."""
        now = time.monotonic()
        if now - self._swept < SWEEP_INTERVAL:
            return
        self._swept = now
        for connection in [each for each in self._connections if each.is_late(now)]:
            if connection.state in (ConnectionState.HEAD, ConnectionState.BODY):
                self._cut_off(connection, 408, "Request Timeout", "The request took too long to come in.")
            else:
                self._drop(connection)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close all connections at the end; gunicorn's loop calls it."""
        if force:
            for connection in list(self._connections):
                self._drop(connection)

    def _cap_keepalive(self, deadline: float) -> None:
        for connection in self._connections:
            if connection.state is ConnectionState.IDLE:
                connection.enter(ConnectionState.IDLE, STOP_LINGER)

    def _read_on(self, connection: Connection) -> None:
        self._watch(connection, selectors.EVENT_READ)

    def _on_event(self, connection: Connection) -> None:
        try:
            if connection.state in (ConnectionState.SERVED, ConnectionState.SENDING):
                self._drain(connection)
            else:
                self._receive(connection)
        except Exception:
            # An error of one connection (such as a full disk) must not stop the others.
            self.log.exception("a connection failed")
            self._drop(connection)

    def _receive(self, connection: Connection) -> None:
        try:
            data = connection.raw.recv(RECEIVE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
        elif connection.state is not ConnectionState.CLOSING:
            self._feed(connection, data)

    def _feed(self, connection: Connection, data: bytes) -> None:
        try:
            is_whole = self._take_in(connection, data)
        except FullError:
            self._cut_off(connection, 503, "Service Unavailable", "Too much is being sent. Try again in a minute.")
        except Exception as error:
            self._refuse(connection, error)
            connection.is_cut_off = True
            self._close(connection)
        else:
            if is_whole:
                self._unwatch(connection)
                connection.take()
                self.enqueue_req(connection)

    def _take_in(self, connection: Connection, data: bytes) -> bool:
        """Return whether a request is complete, or known to be too large."""
        try:
            return connection.feed(data, self.cfg, self._limit_of)
        except TooLargeError:
            connection.cut_body(self._limit_of(connection.request))
            return True

    def _cut_off(self, connection: Connection, status: int, reason: str, sentence: str) -> None:
        self.log.info("%s: %s %s", connection.client[0], status, reason)
        util.write_error(connection.sock, status, reason, sentence)
        connection.is_cut_off = True
        self._close(connection)

    def _refuse(self, connection: Connection, error: Exception) -> None:
        self.handle_error(connection.request, connection.sock, connection.client, error)
        with contextlib.suppress(OSError):
            connection.sock.flush()

    def _limit_of(self, request: Any) -> int:
        return limit_for(self.wsgi, request.method, request.path)

    def _on_backlog(self, connection: Connection) -> None:
        self.method_queue.defer(self._watch_writes, connection)

    def _watch_writes(self, connection: Connection) -> None:
        if connection in self._connections and connection.sock.has_backlog:
            self._watch(connection, selectors.EVENT_WRITE)

    def _drain(self, connection: Connection) -> None:
        connection.sock.drain()
        if connection.sock.has_backlog:
            return
        self._unwatch(connection)
        if connection.state is ConnectionState.SENDING:
            self._after(connection, connection.keeps)

    def _after(self, connection: Connection, keeps: bool) -> None:
        if connection.sock.is_broken:
            self._drop(connection)
        elif keeps:
            connection.next()
            connection.enter(ConnectionState.IDLE, self.cfg.keepalive if self.alive else STOP_LINGER)
            self._read_on(connection)
            if connection.has_more:
                self._feed(connection, b"")
        else:
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        """Close after sending everything; a client still sending would lose the answer otherwise (RFC 9112, 9.6)."""
        connection.forget()
        with contextlib.suppress(OSError):
            connection.sock.flush()
        if connection.sock.has_backlog:
            connection.keeps = False
            connection.enter(ConnectionState.SENDING, READING)
            self._watch(connection, selectors.EVENT_WRITE)
            return
        if not connection.is_cut_off and not connection.has_more:
            self._drop(connection)
            return
        with contextlib.suppress(OSError):
            connection.raw.shutdown(socket.SHUT_WR)
        connection.enter(ConnectionState.CLOSING, LINGER)
        self._read_on(connection)

    def _make_room(self) -> None:
        waiting = [each for each in self._connections if each.state is not ConnectionState.SERVED]
        if waiting:
            self._drop(min(waiting, key=lambda each: (each.state is not ConnectionState.IDLE, each.since)))

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        connection.sock.close()
        self._unwatch(connection)
        if connection.state is ConnectionState.SERVED:
            return  # finish_request() removes it
        self._connections.remove(connection)
        self.nr_conns -= 1
        connection.forget()
        util.close(connection.raw)

    def _watch(self, connection: Connection, events: int) -> None:
        try:
            self.poller.modify(connection.raw, events, lambda _: self._on_event(connection))
        except KeyError:
            self.poller.register(connection.raw, events, lambda _: self._on_event(connection))

    def _unwatch(self, connection: Connection) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self.poller.unregister(connection.raw)
