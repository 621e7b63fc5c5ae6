"""The mailbox that mail comes back to, read by IMAP4rev1 (RFC 3501) with the standard library."""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from crm.providers.http import CONNECT
from crm.providers.smtp.connections import STARTTLS, TLS, Server, connected, tls_context

SECONDS = 60.0
"""The longest time that a mailbox stays open, whatever it does."""

MAX_BYTES = 256 * 1024
"""Of a mail, from its start. The machine part comes before the mail that is sent back."""

MOST = 200
"""Mails of one turn; the rest waits for the next."""


class MailboxError(Exception):
    """It can't be opened or read; the message is what the server or the network said."""


class Mailbox(NamedTuple):
    """organization_id: whose own it is, None for the installation's."""

    server: Server
    folder: str
    organization_id: int | None = None


class Mail(NamedTuple):
    uid: str
    raw: bytes


class OpenMailbox:
    def __init__(self, client: _Client) -> None:
        self._client = client

    def unread(self) -> Iterator[Mail]:
        """Yield unread mails, oldest first, without marking them."""
        for uid in self._search("UNSEEN")[:MOST]:
            yield Mail(uid, self._fetch(uid))

    def find(self, subject: str) -> bytes | None:
        """Return a mail with a subject of plain words, read or not; None if it is not there."""
        found = self._search("SUBJECT", f'"{subject}"')
        return self._fetch(found[0]) if found else None

    def mark_read(self, mail: Mail) -> None:
        self._ask("STORE", mail.uid, "+FLAGS.SILENT", r"(\Seen)")

    def _search(self, *criteria: str) -> list[str]:
        found = b" ".join(part for part in self._ask("SEARCH", *criteria) if isinstance(part, bytes))
        return found.decode("ascii", "replace").split()

    def _fetch(self, uid: str) -> bytes:
        """Return a mail; nothing for one that is empty, or gone meanwhile."""
        for part in self._ask("FETCH", uid, f"(UID BODY.PEEK[]<0.{MAX_BYTES}>)"):
            if isinstance(part, tuple) and re.search(rb"\bBODY\[\]", part[0]):
                return bytes(part[1])
        return b""

    def _ask(self, *command: str) -> list[Any]:
        word, answer = self._client.uid(*command)
        if word != "OK":
            raise MailboxError(f"{command[0]}: {answer!r}"[:200])
        return answer


@contextlib.contextmanager
def opened(mailbox: Mailbox, *, readonly: bool = False, seconds: float = 0) -> Iterator[OpenMailbox]:
    """Sign in and select the folder, for `seconds` at most; MailboxError for whatever goes wrong while it is open."""
    try:
        with _connection(mailbox.server, seconds or SECONDS) as client:
            if mailbox.server.security == STARTTLS:
                client.starttls(tls_context())
            client.login(client._quote(mailbox.server.username), mailbox.server.password)
            word, said = client.select(f'"{mailbox.folder}"', readonly=readonly)
            if word != "OK":
                raise MailboxError(_text(said[0]))
            yield OpenMailbox(client)
    except imaplib.IMAP4.error as error:
        raise MailboxError(_text(error.args[0] if error.args else "")) from error
    except OSError as error:
        raise MailboxError(str(error)) from error


@contextlib.contextmanager
def _connection(server: Server, seconds: float) -> Iterator[_Client]:
    client = _Client(server, seconds)
    try:
        yield client
    finally:
        client.shutdown()


class _Client(imaplib.IMAP4):
    """The library's dialogue, to addresses that were looked up and checked before, and within limits."""

    def __init__(self, server: Server, seconds: float) -> None:
        self._server, self._seconds = server, seconds
        super().__init__(server.host, server.port, timeout=CONNECT)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = connected(self._server.host, self._server.port, CONNECT, is_public=self._server.is_public)
        # Of its own, for the one below may become another object when it is encrypted.
        self._twin = plain.dup()
        self._limit = threading.Timer(self._seconds, self._give_up)
        self._limit.daemon = True
        self._limit.start()
        if self._server.security != TLS:
            return plain
        try:
            return tls_context().wrap_socket(plain, server_hostname=self._server.host)
        except OSError:
            self._end()
            plain.close()
            raise

    def read(self, size: int) -> bytes:
        if size > 2 * MAX_BYTES:
            raise self.abort("the answer is too long")
        return super().read(size)

    def shutdown(self) -> None:
        self._end()
        with contextlib.suppress(OSError):
            super().shutdown()

    def _end(self) -> None:
        self._limit.cancel()
        self._twin.close()

    def _give_up(self) -> None:
        with contextlib.suppress(OSError):
            self._twin.shutdown(socket.SHUT_RDWR)


def _text(said: Any) -> str:
    return (said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))[:200]
