"""E-mail: a subject, an address of its own, consent and opt-outs of its own, by hand or in test mode."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.channels.email import EMAIL
from crm.messages.channels.emails import EMAILS
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.messages.services import schedule_message
from crm.messages.suppression_models import OptOutSource, Purpose, Suppression
from crm.opt_outs.services import put_on
from crm.series.models import Series
from tests.messages.shop import Shop

SARI = "sari@shop.test"


def post(owner: FlaskClient, customer: int, **form: Any) -> TestResponse:
    form = {"channel": "email", "subject": "Your cake", "body": "It is ready.", "in_days": "0", **form}
    return owner.post(f"/customers/{customer}/messages/new", data=form)


def only(shop: Shop) -> Message:
    with shop.inside():
        return shop.message(db.session.scalars(sa.select(Message.id)).one())


def send(shop: Shop, customer: int, subject: str = "Your cake", body: str = "It is ready.") -> int:
    with shop.inside():
        return schedule_message(customer, EMAIL, body, shop.soon(), subject=subject).id


def test_an_email_goes_out_with_its_subject(shop: Shop, owner: FlaskClient) -> None:
    shop.set(email_gateway="console")
    sari = shop.customer(email="Sari@Shop.test")

    assert post(owner, sari, subject="  Your \n cake ").status_code == 303
    shop.work()

    message = only(shop)
    assert (message.channel, message.subject, message.status) == ("email", "Your cake", Status.SENT)
    assert [attempt.recipient for attempt in shop.attempts(message.id)] == [SARI]
    assert "Your cake" in owner.get(f"/customers/{sari}").text
    assert "Your cake" in owner.get("/messages?channel=email&q=cake").text
    assert SARI in owner.get("/messages/console").text


@pytest.mark.parametrize(
    ("values", "form", "sentence"),
    [
        ({}, {}, "Sari has no e-mail address. Add one first."),
        ({"email": SARI, "email_allowed": False}, {}, "E-mail is not allowed for Sari. Choose SMS."),
        ({"email": SARI}, {"subject": " "}, "Write the subject."),
        ({"email": SARI}, {"subject": "x" * 201}, "Shorten the subject by 1 character."),
        ({"email": SARI}, {"body": "x" * 10_001}, "Shorten the message by 1 character"),
    ],
)
def test_what_can_not_be_sent_is_refused(
    shop: Shop, owner: FlaskClient, values: dict[str, Any], form: dict[str, str], sentence: str
) -> None:
    sari = shop.customer(**values)
    answer = post(owner, sari, **form)
    assert (answer.status_code, sentence in unescape(answer.text)) == (422, True)


def test_other_channels_have_no_subject(shop: Shop, owner: FlaskClient) -> None:
    assert post(owner, shop.customer(), channel="sms").status_code == 303
    assert only(shop).subject == ""


def test_who_has_only_an_email_is_offered_it(shop: Shop, owner: FlaskClient) -> None:
    both, alone = shop.customer(email=SARI), shop.customer("Budi", "", email="budi@shop.test")
    chosen = r'<input[^>]*checked[^>]*value="(\w+)"|value="(\w+)"[^>]*checked'
    for customer, channel in ((both, "whatsapp"), (alone, "email")):
        page = owner.get(f"/customers/{customer}/messages/new").text
        fieldset = page[page.index('name="channel"') - 200 : page.index('name="subject"')]
        found = re.search(chosen, fieldset)
        assert found is not None
        assert channel in found.groups()


def test_by_hand_it_opens_in_the_mail_program(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer(email=SARI)
    assert post(owner, sari, subject="Cake & tea", body="Ready.\nCome!").status_code == 303
    shop.work()
    assert "mailto:sari@shop.test?subject=Cake%20%26%20tea&body=Ready.%0D%0ACome%21" in unescape(owner.get("/").text)


def test_a_message_keeps_its_subject_when_it_is_changed_or_moved(shop: Shop, owner: FlaskClient) -> None:
    id_ = send(shop, shop.customer(email=SARI))
    page = owner.get(f"/messages/{id_}/edit").text
    assert 'value="Your cake"' in page
    form = {"channel": "email", "subject": "Your tea", "body": "It is ready.", "in_days": "3"}
    assert owner.post(f"/messages/{id_}/edit", data=form).status_code == 303
    assert shop.message(id_).subject == "Your tea"
    assert owner.post(f"/messages/{id_}/edit", data=form | {"channel": "sms"}).status_code == 303
    assert (shop.message(id_).channel, shop.message(id_).subject) == ("sms", "")


def test_templates_have_subjects_with_fields(shop: Shop, owner: FlaskClient) -> None:
    form = {"name": "Ready", "channel": "email", "subject": "{name}, it is ready", "body": "Dear {name}, come!"}
    assert "Write the subject." in owner.post("/settings/templates", data=form | {"subject": ""}).text
    assert "There is no field {nome}" in unescape(
        owner.post("/settings/templates", data=form | {"subject": "{nome}"}).text
    )
    assert owner.post("/settings/templates", data=form).status_code == 303
    sari = shop.customer(email=SARI)
    page = owner.post(f"/customers/{sari}/messages/new", data={"template": "1", "use_template": "1"}).text
    assert 'value="Sari, it is ready"' in page
    repeated = {"subject": "Sari, it is ready", "body": "Dear Sari, come!", "template": "1"}
    assert post(owner, sari, **repeated, in_days="1", repeat="weekly").status_code == 303
    with shop.inside():
        assert db.session.scalars(sa.select(Series)).one().words.subject == "{name}, it is ready"


def test_an_opt_out_of_an_address_is_of_that_address_alone(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer(email=SARI)
    waiting, text = send(shop, sari), shop.schedule(sari, in_=3600)
    assert owner.post("/settings/opt-outs", data={"phone": "SARI@shop.TEST"}).status_code == 303
    assert (shop.status(waiting), shop.status(text)) == (Status.SUPPRESSED, Status.SCHEDULED)
    assert SARI in owner.get("/settings/opt-outs?q=Sari@").text
    answer = post(owner, sari)
    assert (answer.status_code, "so this address gets no messages" in answer.text) == (422, True)
    assert post(owner, sari, channel="sms").status_code == 303
    with shop.inside(), transaction() as session:
        session.get_one(Customer, sari).email = "new@shop.test"
    assert post(owner, sari).status_code == 303


def test_who_wants_no_marketing_gets_other_messages(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer(email=SARI)
    with shop.inside(), transaction() as session:
        session.add(Suppression(kind="email", address=SARI, source="staff", purpose=Purpose.MARKETING))
    assert post(owner, sari).status_code == 303
    with shop.inside():
        put_on(SARI, EMAILS, OptOutSource.STAFF)
    assert post(owner, sari).status_code == 422


def test_the_api_reads_and_writes_it(shop: Shop) -> None:
    sari, headers = shop.customer(email=SARI), shop.boss.token()
    api = shop.app.test_client()
    url, at = f"/api/customers/{sari}/messages/", shop.soon().isoformat()
    sent = {"channel": "email", "body": "It is ready.", "send_at": at}
    refused = api.post(url, json=sent, headers=headers)
    assert (refused.status_code, "subject" in refused.text) == (400, True)
    made = api.post(url, json=sent | {"subject": "Your cake"}, headers=headers)
    assert (made.status_code, made.json["subject"]) == (201, "Your cake")
    changed = api.patch(f"/api/messages/{made.json['id']}/", json={"subject": "Your tea"}, headers=headers)
    assert (changed.json["subject"], changed.json["body"]) == ("Your tea", "It is ready.")
    customer = api.patch(f"/api/customers/{sari}/", json={"email_allowed": False}, headers=headers).json
    assert (customer["email_allowed"], customer["sms_allowed"]) == (False, True)


@pytest.mark.parametrize(
    ("setting", "value", "kept"),
    [
        ("email_from", "Hello@Shop.test", "hello@shop.test"),
        ("email_from", "Toko Sari <hello@shop.test>", "Toko Sari <hello@shop.test>"),
        ("email_from", '"Sari, Inc." <a@shop.test>', "Sari, Inc. <a@shop.test>"),
        ("email_from", "Sari <Inc> <a@shop.test>", None),
        ("email_from", "hello", None),
        ("email_reply_to", "", ""),
        ("email_reply_to", "a@shop.test, b@shop.test", None),
        ("email_reply_to", "Sari\r\nBcc: x@shop.test", None),
    ],
)
def test_senders_are_checked(shop: Shop, owner: FlaskClient, setting: str, value: str, kept: str | None) -> None:
    answer = owner.post("/settings/messaging", data={setting: value})
    if kept is None:
        assert (answer.status_code, "Enter an address like" in unescape(answer.text)) == (422, True)
    else:
        assert answer.status_code == 303
        with shop.inside():
            assert getattr(current_organization(), setting) == kept
