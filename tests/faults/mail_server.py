"""A mail server that loses its connections: before it has a letter, and once it has it but before it says so."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Iterator

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LOST = 0.01
"""The share of letters whose connection is lost at either moment."""


class Sink:
    """What came: `received` counts the letters of each address.

    loses_before: whether letters are lost that are sent again, a minute later.
    """

    def __init__(self, pause: float, *, loses_before: bool) -> None:
        self.received: Counter[str] = Counter()
        self.lost_after = 0
        self._pause, self._loses_before, self._draw = pause, loses_before, random.Random(1)

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._loses_before and self._draw.random() < LOST:
            _lose(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self._pause)
        self.received.update(envelope.rcpt_tos)
        if self._draw.random() < LOST:
            self.lost_after += 1
            _lose(server)
        return "250 OK"


def _lose(server: SMTP) -> None:
    if server.transport is not None:
        server.transport.abort()


@contextlib.contextmanager
def mail_server(port: int, pause: float, *, loses_before: bool) -> Iterator[Sink]:
    sink = Sink(pause, loses_before=loses_before)
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
