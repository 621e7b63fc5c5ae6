"""A mail server that takes what it is sent."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.servers import free_port


class Sink:
    """A mail server: what it took, and what it does before the last dot (`replies`) and after it.

    `dies` there, or before it, or `forwards` the letter.
    """

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.senders: list[str] = []
        self.dialogues = 0
        self.forwards: Callable[[bytes], object] = lambda raw: None
        self.replies: dict[str, str] = {}
        self.dies = ""
        sink = self

        class Server(SMTP):
            def connection_made(self, transport: Any) -> None:
                sink.dialogues += 1
                super().connection_made(transport)

            async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 -- the library's name
                if sink.dies == "before the dot":
                    self.transport.abort()
                    return
                await super().smtp_DATA(arg)

        class Running(Controller):
            def factory(self) -> SMTP:
                return Server(self.handler, authenticator=sink.authenticate, auth_require_tls=False)

        self.controller = Running(self, hostname="127.0.0.1", port=free_port())

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"shop", b"secret"), handled=False)

    async def handle_MAIL(  # noqa: N802 -- the library's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 -- the library's name
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- see above
        reply = self.replies.get("DATA", "250 OK queued")
        if reply.startswith("250"):
            assert isinstance(envelope.content, bytes)
            found = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(found, EmailMessage)
            self.taken.append(found)
            self.senders.append(envelope.mail_from or "")
            self.forwards(envelope.content)
        if self.dies == "after the dot":
            server.transport.abort()
        return reply

    @property
    def port(self) -> int:
        return int(self.controller.port)
