"""Whom a text by WhatsApp is from: known by the number that Meta gave for the one we wrote to, and by ids of users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.models import Customer
from crm.customers.services import delete_customer
from crm.kernel.extensions import db
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.inbound_models import InboundMessage, SenderId
from crm.messages.suppression_models import Suppression
from tests.messages.provider import Provider as Caller
from tests.messages.provider import metadata, status
from tests.messages.shop import E164, Shop
from tests.providers.fake import ACCESS, Provider, Say, provider

SPELT = "6281134567890"
"""How Meta spells the number of the customer, which nothing but its answer tells."""


@pytest.fixture
def fake(app: Flask) -> Iterator[Provider]:
    with provider() as running:
        app.config.update(WHATSAPP_API_BASE=running.url, WHATSAPP_TOKEN=ACCESS)
        yield running


@pytest.fixture
def caller(app: Flask, fake: Provider, shop: Shop) -> Caller:
    found = Caller(app)
    shop.set(whatsapp_gateway="whatsapp_cloud")
    return found


def answer(contact: dict[str, Any]) -> Say:
    return Say(200, {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": "wamid.sent"}]})


def senders(shop: Shop) -> list[str]:
    with shop.inside():
        return list(db.session.scalars(sa.select(InboundMessage.sender).order_by(InboundMessage.id)))


def listed(shop: Shop) -> list[str]:
    with shop.inside():
        return list(db.session.scalars(sa.select(Suppression.address)))


def written_to(shop: Shop, caller: Caller) -> int:
    """Let the customer have opened the window, and be written to; return the attempt."""
    caller.meta_text("Hello", E164, "wamid.opened", at=2_000_000_000)
    message = shop.schedule(shop.customer(), channel=WHATSAPP)
    shop.work()
    (attempt,) = shop.attempts(message)
    assert attempt.outcome == "accepted"
    return attempt.id


def test_a_text_is_from_whom_meta_said_it_knows_by_that_number(
    shop: Shop, stranger: Shop, caller: Caller, fake: Provider
) -> None:
    fake.says = lambda request: answer({"input": E164[1:], "wa_id": SPELT, "user_id": "ID.77"})
    written_to(shop, caller)
    pending = shop.schedule(shop.customer("Siti", "0812-3456-7891"), in_=3600)

    caller.meta_text("STOP", f"+{SPELT}", "wamid.stop")

    assert senders(shop) == [E164, E164]
    assert listed(shop) == [E164]
    assert shop.status(pending) == "scheduled"
    assert "STOP" in shop.browser().get("/customers/1").text
    start = {"id": "wamid.start", "from_user_id": "ID.77", "type": "text", "text": {"body": "START"}}
    caller.meta({"metadata": metadata(), "messages": [start]})
    assert listed(shop) == []
    with stranger.inside():
        assert db.session.scalars(sa.select(SenderId)).all() == []


def test_the_number_as_it_was_written_needs_no_remembering(shop: Shop, caller: Caller, fake: Provider) -> None:
    fake.says = lambda request: answer({"input": E164[1:], "wa_id": E164[1:]})
    written_to(shop, caller)
    with shop.inside():
        assert db.session.scalars(sa.select(SenderId)).all() == []


@pytest.mark.parametrize("contacts", [None, [], [None], ["x"], [{"wa_id": 5}], {"wa_id": "1"}])
def test_an_answer_with_other_contacts_is_taken_all_the_same(
    shop: Shop, caller: Caller, fake: Provider, contacts: object
) -> None:
    fake.says = lambda request: Say(200, {"contacts": contacts, "messages": [{"id": "wamid.sent"}]})
    assert written_to(shop, caller)


def test_reports_and_texts_tell_the_id_of_a_user_too(shop: Shop, caller: Caller, fake: Provider) -> None:
    attempt = written_to(shop, caller)
    caller.meta({"statuses": [status(attempt, "delivered") | {"recipient_user_id": "ID.77"}]})
    caller.meta({"statuses": [status(attempt, "read") | {"recipient_user_id": "ID.77"}]})
    text = {"type": "text", "text": {"body": "STOP"}}
    caller.meta({"metadata": metadata(), "messages": [{"id": "wamid.1", "from_user_id": "ID.77", **text}]})
    assert listed(shop) == [E164]

    both = {"id": "wamid.2", "from": "6281234567899", "from_user_id": "ID.88", "type": "text", "text": {"body": "Hi"}}
    hidden = {"id": "wamid.3", "from_user_id": "ID.88", **text}
    caller.meta({"metadata": metadata(), "messages": [both]})
    caller.meta({"metadata": metadata(), "messages": [hidden]})
    assert senders(shop)[-2:] == ["+6281234567899"] * 2
    assert sorted(listed(shop)) == [E164, "+6281234567899"]


def test_a_customer_who_is_deleted_for_good_is_forgotten_by_every_name(
    shop: Shop, caller: Caller, fake: Provider
) -> None:
    fake.says = lambda request: answer({"input": E164[1:], "wa_id": SPELT, "user_id": "ID.77"})
    written_to(shop, caller)
    with shop.inside():
        assert len(db.session.scalars(sa.select(SenderId)).all()) == 2
        delete_customer(db.session.scalars(sa.select(Customer.id)).one())
        assert db.session.scalars(sa.select(SenderId)).all() == []


def test_texts_that_came_before_their_number_was_known_go_with_the_customer(shop: Shop, caller: Caller) -> None:
    shop.customer()
    text = {"type": "text", "text": {"body": "Hello"}}
    for id_, user in (("wamid.1", "ID.77"), ("wamid.2", "ID.99")):
        caller.meta({"metadata": metadata(), "messages": [{"id": id_, "from_user_id": user, **text}]})
    known = {"id": "wamid.3", "from": E164[1:], "from_user_id": "ID.77", **text}
    caller.meta({"metadata": metadata(), "messages": [known]})
    assert senders(shop) == ["", "", E164]
    with shop.inside():
        delete_customer(db.session.scalars(sa.select(Customer.id)).one())
        assert db.session.scalars(sa.select(InboundMessage.sender_id)).all() == ["ID.99"]


def test_an_unknown_user_without_a_number_is_kept(shop: Shop, caller: Caller) -> None:
    text = {"id": "wamid.1", "from_user_id": "ID.99", "type": "text", "text": {"body": "Is my table booked?"}}
    assert caller.meta({"metadata": metadata(), "messages": [text]}).status_code == 200
    with shop.inside():
        row = db.session.scalars(sa.select(InboundMessage)).one()
        assert (row.sender, row.sender_id, row.body) == ("", "ID.99", "Is my table booked?")
