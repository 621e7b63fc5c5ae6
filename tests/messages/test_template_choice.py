"""A template is filled for the customer in the form, and may be changed before it is scheduled."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from crm.message_templates.services import add_template, change_template, delete_template
from crm.messages.models import Message
from crm.messages.queries import messages_of
from crm.messages.rules import ApprovedTemplate
from crm.providers.base import Call, Outcome
from crm.providers.console import gateway as console
from tests.messages.shop import Shop

HTMX = {"HX-Request": "true"}


def make(shop: Shop, **values: Any) -> int:
    defaults = {"name": "Cake", "channel": "sms", "body": "Hi {name}, come to {branch}."}
    with shop.inside():
        return add_template(defaults | values)


def approved(shop: Shop) -> int:
    return make(
        shop,
        name="Order",
        channel="whatsapp",
        body="Hi {name}, your order waits.",
        approved_name="order_ready",
        language="id",
        parameters=["{name}", "today"],
    )


def post(browser: FlaskClient, customer_id: int, **fields: Any) -> Any:
    return browser.post(f"/customers/{customer_id}/messages/new", data={"in_days": "1", **fields})


def only_message(shop: Shop, customer_id: int) -> Message:
    with shop.inside():
        (message,) = messages_of(customer_id)
        return shop.message(message.id)


def text_in(page: str) -> str:
    found = re.search(r'<textarea[^>]*name="body"[^>]*>\s*(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def test_without_templates_the_form_does_not_speak_of_them(shop: Shop, owner: FlaskClient) -> None:
    assert "Use template" not in owner.get(f"/customers/{shop.customer()}/messages/new").text


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_use_template_gives_the_form_filled(shop: Shop, owner: FlaskClient, headers: dict[str, str]) -> None:
    sari, cake = shop.customer("Sari <b>"), make(shop)
    fields = {"template": cake, "use_template": "1", "channel": "whatsapp", "send_at": "2027-02-03T10:00"}

    answer = owner.post(f"/customers/{sari}/messages/new", data=fields | {"idempotency_key": "k"}, headers=headers)

    assert answer.status_code == 200
    assert text_in(answer.text) == "Hi Sari <b>, come to Shop."
    assert re.search(r'value="sms"[^>]*checked|checked[^>]*value="sms"', answer.text)
    assert 'value="2027-02-03T10:00"' in answer.text
    assert 'value="k"' in answer.text
    assert "On Wednesday 3 February 2027 at 10:00 (Asia/Jakarta), by SMS" in answer.text
    assert "There is a problem" not in answer.text
    assert ("<html" in answer.text) is not bool(headers)
    assert shop.next_at(sari) is None


@pytest.mark.parametrize("template", ["", "0", "999", "x"])
def test_use_template_without_one_says_so(shop: Shop, owner: FlaskClient, stranger: Shop, template: str) -> None:
    make(shop)
    answer = post(owner, shop.customer(), template=template, use_template="1", body="Hi", channel="sms")
    assert answer.status_code == 422
    assert "Choose a template from the list." in answer.text
    assert text_in(answer.text) == "Hi"


def test_a_strangers_template_is_none(shop: Shop, owner: FlaskClient, stranger: Shop) -> None:
    foreign = make(stranger, body="Secret {name}")
    for extra in ({"use_template": "1"}, {}):
        answer = post(owner, shop.customer(), template=foreign, channel="sms", body="", **extra)
        assert answer.status_code == 422
        assert "Secret" not in answer.text


def test_nothing_but_a_template_sends_its_text(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    assert post(owner, sari, template=make(shop), channel="sms").status_code == 303
    message = only_message(shop, sari)
    assert (message.body, message.template) == ("Hi Sari, come to Shop.", None)


def test_an_approved_one_keeps_what_it_was_when_scheduled(shop: Shop, owner: FlaskClient) -> None:
    sari, order = shop.customer(), approved(shop)
    post(owner, sari, template=order, channel="whatsapp", body="Hi Sari, your order waits.")

    with shop.inside():
        change_template(order, {"body": "Other", "approved_name": "other", "parameters": []})

    message = only_message(shop, sari)
    assert message.body == "Hi Sari, your order waits."
    assert message.approved == ApprovedTemplate("order_ready", "id", ("Sari", "today"), order)


@pytest.mark.parametrize(
    "fields", [{"body": "Hi Sari, your order waits!"}, {"channel": "sms"}, {"template": ""}], ids=str
)
def test_a_changed_text_goes_out_as_it_is_written(shop: Shop, owner: FlaskClient, fields: dict[str, str]) -> None:
    sari, order = shop.customer(), approved(shop)
    post(owner, sari, **({"template": order, "channel": "whatsapp", "body": "Hi Sari, your order waits."} | fields))
    assert only_message(shop, sari).template is None


def edit(browser: FlaskClient, message: Message, **fields: Any) -> Any:
    values = {"channel": message.channel, "body": message.body, "in_days": "5", **fields}
    return browser.post(f"/messages/{message.id}/edit", data=values)


def test_moving_a_message_leaves_its_template(shop: Shop, owner: FlaskClient) -> None:
    sari, order = shop.customer(), approved(shop)
    post(owner, sari, template=order, channel="whatsapp")
    message = only_message(shop, sari)
    with shop.inside():
        change_template(order, {"body": "Other", "approved_name": "other"})

    for fields in ({}, {"template": order}):
        assert edit(owner, message, **fields).status_code == 303
        assert only_message(shop, sari).approved == message.approved

    with shop.inside():
        delete_template(order)
    page = owner.get(f"/messages/{message.id}/edit").text
    assert "Sent as order_ready, approved by WhatsApp, with “Sari”, “today”." in page
    assert edit(owner, message, template="").status_code == 303


def test_another_text_leaves_the_template(shop: Shop, owner: FlaskClient) -> None:
    sari, order = shop.customer(), approved(shop)
    post(owner, sari, template=order, channel="whatsapp")
    assert edit(owner, only_message(shop, sari), body="Come tomorrow", template=order).status_code == 303
    assert only_message(shop, sari).template is None


def preview(shop: Shop, browser: FlaskClient, **fields: Any) -> str:
    url = f"/customers/{shop.customer()}/messages/preview"
    return unescape(browser.post(url, data={"in_days": "1", "channel": "whatsapp", **fields}, headers=HTMX).text)


def test_the_preview_says_how_it_goes_out(shop: Shop, owner: FlaskClient) -> None:
    order = approved(shop)
    said = preview(shop, owner, template=order, body="Hi Sari, your order waits.")
    assert "Sent as order_ready, approved by WhatsApp, with “Sari”, “today”." in said
    assert "it isn't the approved template any more" in preview(shop, owner, template=order, body="Hi Sari")
    assert "{name} is sent as written." in preview(shop, owner, body="Hi {name}")
    assert "is sent as written" not in preview(shop, owner, body="Hi Sari {x}")


def test_the_gateway_gets_the_template(shop: Shop, owner: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Call] = []

    def send(self: object, call: Call, *rest: Any) -> Outcome:
        calls.append(call)
        return original(self, call, *rest)

    original = console.Console.send
    monkeypatch.setattr(console.Console, "send", send)
    shop.set(whatsapp_gateway="console")
    sari, order = shop.customer(), approved(shop)
    post(owner, sari, template=order, channel="whatsapp", in_days="0")
    shop.work()

    (call,) = calls
    assert call.body == "Hi Sari, your order waits."
    assert call.template == ApprovedTemplate("order_ready", "id", ("Sari", "today"), order)


def test_a_message_keeps_the_names_of_its_parameters(shop: Shop, owner: FlaskClient) -> None:
    sari, order = shop.customer(), approved(shop)
    with shop.inside():
        change_template(int(order), {"parameters": ["customer_name = {name}", "day = today"]})
    post(owner, sari, template=order, channel="whatsapp")
    kept = only_message(shop, sari).approved
    assert kept is not None
    assert (kept.names, kept.parameters) == (("customer_name", "day"), ("Sari", "today"))
    before = {"name": "order_ready", "language": "id", "parameters": ["Sari"], "template_id": None}
    assert ApprovedTemplate.from_json(before) == ApprovedTemplate("order_ready", "id", ("Sari",))


def test_the_preview_of_a_change_knows_the_message(shop: Shop, owner: FlaskClient, stranger: Shop) -> None:
    sari, order = shop.customer(), approved(shop)
    post(owner, sari, template=order, channel="whatsapp")
    message = only_message(shop, sari)
    page = owner.get(f"/messages/{message.id}/edit").text
    url = f"/customers/{sari}/messages/preview?message={message.id}"
    assert url in unescape(page)
    fields = {"channel": "whatsapp", "body": message.body, "send_at": "2027-02-03T10:00", "template": order}
    assert "Sent as order_ready" in unescape(owner.post(url, data=fields).text)
    foreign = stranger.schedule(stranger.customer(), in_=3600)
    assert owner.post(f"/customers/{sari}/messages/preview?message={foreign}", data=fields).status_code == 404
