"""Dialogues with mail servers, over connections that are kept for the next mails.

What ends before the last dot was not sent, whatever ended it. From the dot on only an answer says what became of it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import smtplib
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import certifi

from crm.providers.http import CONNECT, LostError, NoConnectionError
from crm.providers.smtp.replies import Reply, Stage

BEFORE_DOT, AFTER_DOT = 5.0, 9.5
"""Seconds for all that comes before the last dot, and for the answer to it: together less than `calls.LONGEST_CALL`."""

RESET = 1.0
"""Seconds to begin anew after a refusal."""

IDLE = 30.0
"""Seconds after which a connection is not used again; servers wait for minutes."""

MAX_MAILS = 100
"""Mails of one connection, as many servers have it."""

TLS, STARTTLS = "tls", "starttls"


class Server(NamedTuple):
    """A mail server and its account. is_public: connect to addresses of the internet alone."""

    host: str
    port: int
    security: str
    username: str = ""
    password: str = ""
    is_public: bool = False


class RefusedError(Exception):
    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.code} at {reply.stage.name}")
        self.reply = reply


def hand_over(server: Server, sender: str, recipient: str, letter: bytes) -> str:
    """Send a mail and return the server's answer; raises RefusedError, NoConnectionError and LostError.

    A kept connection may have ended meanwhile: then nothing was sent, and a new one is tried.
    """
    kept = _take(server)
    if kept is not None:
        with contextlib.suppress(NoConnectionError):
            return _send_by(kept, server, sender, recipient, letter)
    return _send_by(Dialogue(server), server, sender, recipient, letter)


def _send_by(dialogue: Dialogue, server: Server, sender: str, recipient: str, letter: bytes) -> str:
    """Send by a connection, and keep it for the next mail if it is as it was before."""
    is_usable = False
    try:
        said = dialogue.hand_over(sender, recipient, letter)
        is_usable = True
        return said
    except RefusedError as error:
        is_usable = dialogue.recovers_from(error.reply)
        raise
    finally:
        if is_usable and dialogue.is_fresh:
            _give_back(server, dialogue)
        else:
            dialogue.close()


class _Socket(smtplib.SMTP):
    """The library's dialogue, to addresses that were looked up and checked before."""

    is_public = False

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connected(host, port, timeout, is_public=self.is_public)


class _TlsSocket(smtplib.SMTP_SSL):
    is_public = False

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = connected(host, port, timeout, is_public=self.is_public)
        return self.context.wrap_socket(plain, server_hostname=host)


class Dialogue:
    """One connection, signed in."""

    def __init__(self, server: Server) -> None:
        self.used_at = 0.0
        self._mails = 0
        self._until = time.monotonic() + BEFORE_DOT
        # Any: the library's types know neither its host nor that there is a socket once it is connected.
        self._smtp: Any = (
            _TlsSocket(timeout=CONNECT, context=tls_context()) if server.security == TLS else _Socket(timeout=CONNECT)
        )
        self._smtp.is_public = server.is_public
        try:
            self._open(server)
        except BaseException:
            self.close()
            raise

    @property
    def is_fresh(self) -> bool:
        return self._mails < MAX_MAILS and time.monotonic() - self.used_at < IDLE

    def hand_over(self, sender: str, recipient: str, letter: bytes) -> str:
        self._until = time.monotonic() + BEFORE_DOT
        self._mails += 1
        with _nothing_sent():
            sizes = [f"size={len(letter)}"] if self._smtp.has_extn("size") else []
            self._expect(Stage.SENDER, *self._timed().mail(sender, sizes))
            self._expect(Stage.RECIPIENT, *self._timed().rcpt(recipient))
            self._expect(Stage.DATA, *self._timed().docmd("DATA"))
            self._write(letter)
        said = self._finish()
        self.used_at = time.monotonic()
        return said

    def recovers_from(self, refusal: Reply) -> bool:
        """Begin anew after a refusal of one mail; False if the connection is good for nothing more."""
        if refusal.code == 421:
            return False
        self._until = time.monotonic() + RESET
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.used_at = time.monotonic()
            return bool(self._timed().rset()[0] == 250)
        return False

    def close(self) -> None:
        self._smtp.close()

    def _open(self, server: Server) -> None:
        with _nothing_sent():
            self._expect(Stage.CONNECT, *self._smtp.connect(server.host, server.port))
            # The library keeps it for certificates only where it connects by itself.
            self._smtp._host = server.host
            self._timed().ehlo_or_helo_if_needed()
            if server.security == STARTTLS:
                self._expect(Stage.CONNECT, *self._timed().starttls(context=tls_context()))
                self._timed().ehlo_or_helo_if_needed()
        if server.username:
            with _nothing_sent():
                self._timed()
                self._login(server)

    def _login(self, server: Server) -> None:
        try:
            self._smtp.login(server.username, server.password)
        except smtplib.SMTPAuthenticationError as error:
            raise RefusedError(_reply(Stage.LOGIN, error.smtp_code, error.smtp_error)) from error
        except smtplib.SMTPNotSupportedError as error:
            raise RefusedError(Reply(Stage.LOGIN, 535, str(error))) from error

    def _write(self, letter: bytes) -> None:
        """Send the letter without the last dot, and see whether the server is still there to get it."""
        body = smtplib._quote_periods(letter)  # type: ignore[attr-defined]
        self._timed().send(body if body.endswith(b"\r\n") else body + b"\r\n")
        ready = select.poll()
        ready.register(self._smtp.sock, select.POLLIN)
        if ready.poll(0):
            self._expect(Stage.DATA, *self._smtp.getreply())
            raise smtplib.SMTPServerDisconnected("it answered too early")

    def _finish(self) -> str:
        """Send the last dot; an answer is certain, its lack is not."""
        try:
            self._smtp.sock.settimeout(AFTER_DOT)
            self._smtp.send(b".\r\n")
            code, said = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise LostError(str(error)) from error
        self._expect(Stage.DATA, code, said)
        return str(said, "utf-8", "replace")

    def _expect(self, stage: Stage, code: int, said: bytes) -> None:
        if not 200 <= code < 400:
            raise RefusedError(_reply(stage, code, said))

    def _timed(self) -> Any:
        """Let the next command take what is left of the time."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the server is too slow")
        self._smtp.sock.settimeout(left)
        return self._smtp


@contextlib.contextmanager
def _nothing_sent() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPNotSupportedError as error:
        raise RefusedError(Reply(Stage.CONNECT, 554, str(error))) from error
    except smtplib.SMTPResponseException as error:
        raise RefusedError(_reply(Stage.CONNECT, error.smtp_code, error.smtp_error)) from error
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NoConnectionError(str(error)) from error


def _reply(stage: Stage, code: int, said: bytes | str) -> Reply:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return Reply(stage, code if code > 0 else 500, text)


def connected(host: str, port: int, timeout: float, *, is_public: bool) -> socket.socket:
    """Connect to a host; where only public addresses are allowed, nothing else is even tried."""
    last: OSError = OSError(f"{host} has no address that may be used")
    for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if is_public and not ipaddress.ip_address(address[0]).is_global:
            continue
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout)
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            connection.close()
            last = error
        else:
            return connection
    raise last


def tls_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def _take(server: Server) -> Dialogue | None:
    """Take a kept connection, if there is one."""
    with _lock:
        kept = _kept[server]
        while kept:
            found = kept.pop()
            if found.is_fresh:
                return found
            found.close()
    return None


def _give_back(server: Server, dialogue: Dialogue) -> None:
    with _lock:
        _kept[server].append(dialogue)


_kept: defaultdict[Server, list[Dialogue]] = defaultdict(list)
_lock = threading.Lock()

# Two processes on one connection would read each other's answers.
os.register_at_fork(after_in_child=_kept.clear)
