"""Shops that send by a mail server, and the mailbox that their mail comes back to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from crm.messages.channels.email import EMAIL
from crm.messages.services import schedule_message
from crm.returns import services
from crm.returns.jobs import read_mailboxes
from tests.messages.shop import Shop
from tests.messages.sink import Sink
from tests.returns.imap_server import FOLDER, PASSWORD, USER, ImapServer

SARI = "sari@shop.test"


@dataclass
class Returns:
    """The installation's mail server and mailbox, as `shop` uses them."""

    app: Flask
    shop: Shop
    sink: Sink
    box: ImapServer

    def send(self, shop: Shop | None = None, to: str = SARI) -> tuple[int, str]:
        """Send a letter; return the message's id and the address that it comes back to."""
        shop = shop or self.shop
        customer = shop.customer(f"Sari {len(self.sink.taken)}", "", email=to)
        with shop.inside():
            id_ = schedule_message(customer, EMAIL, "It is ready.", shop.soon(), subject="Your cake").id
        shop.shift(id_, 1)
        shop.work()
        return id_, self.sink.senders[-1]

    def read(self) -> None:
        services._resting.clear()
        with self.app.app_context():
            read_mailboxes()


@pytest.fixture
def box() -> Iterator[ImapServer]:
    found = ImapServer()
    yield found
    found.close()


@pytest.fixture
def shop(app: Flask) -> Shop:
    return Shop.open(app, "shop")


@pytest.fixture
def stranger(app: Flask) -> Shop:
    """Another organization, with the same installation's mail server."""
    found = Shop.open(app, "stranger")
    found.set(email_gateway="smtp", email_from="hello@stranger.test")
    return found


@pytest.fixture
def returns(app: Flask, shop: Shop, sink: Sink, box: ImapServer) -> Returns:
    app.config.update(SMTP_HOST="127.0.0.1", SMTP_PORT=str(sink.port), SMTP_SECURITY="none")
    app.config.update(IMAP_HOST="127.0.0.1", IMAP_PORT=str(box.port), IMAP_SECURITY="none")
    app.config.update(IMAP_USERNAME=USER, IMAP_PASSWORD=PASSWORD, IMAP_FOLDER=FOLDER)
    shop.set(email_gateway="smtp", email_from="Toko <hello@toko.test>")
    return Returns(app, shop, sink, box)
