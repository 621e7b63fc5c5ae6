"""The settings of messaging: gateways, numbers and secrets, whether they work, and a test message."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.queries import current_organization
from crm.kernel import health, vault
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.vault import StoredSecret
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.models import BlockedSender
from crm.providers.accounts import sender_of
from crm.values import clock
from tests.messages.shop import Shop
from tests.providers.fake import ACCOUNT, SMS_FROM, TOKEN, Provider, provider, twilio_error

PAGE, TEST = "/settings/messaging", "/settings/messaging/test"
CHOSEN = {"sms_gateway": "twilio", "whatsapp_gateway": "manual", "sms_from": "+1 500 555 0006", "whatsapp_from": ""}
SECRETS = {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN}
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def fake(app: Flask) -> Iterator[Provider]:
    """A provider that the installation is led to."""
    with provider() as running:
        app.config["TWILIO_API_BASE"] = app.config["WHATSAPP_API_BASE"] = running.url
        yield running


@pytest.fixture
def twilio(shop: Shop, fake: Provider) -> Provider:
    """Twilio, with which the shop has an account."""
    shop.set(**CHOSEN, **SECRETS)
    return fake


def words(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def block(shop: Shop, channel: str = "sms", gateway: str = "twilio") -> int:
    with shop.inside(), transaction() as session:
        row = BlockedSender(
            channel=channel,
            gateway=gateway,
            reason="Twilio refused it.",
            probe_at=clock.utcnow(),
        )
        session.add(row)
        session.flush()
        return row.id


def blocked(shop: Shop) -> list[str]:
    with shop.inside():
        return list(db.session.scalars(sa.select(BlockedSender.channel)))


# Secrets


def test_an_owner_enters_an_account_that_is_never_shown_again(shop: Shop, owner: FlaskClient) -> None:
    assert owner.post(PAGE, data={**CHOSEN, **SECRETS}).status_code == 303

    page = owner.get(PAGE).text
    assert "ends in …0001" in page
    assert TOKEN not in page
    assert f'value="{SMS_FROM}"' in page
    with shop.inside():
        assert vault.reveal("twilio_auth_token") == TOKEN
        for row in db.session.scalars(sa.select(StoredSecret)):
            assert TOKEN not in row.sealed
            assert ACCOUNT not in row.sealed
        changes = [row.changes for row in db.session.scalars(sa.select(Event))]
        assert changes[-1]["twilio_auth_token"] == [None, "set"]
        assert TOKEN not in str(changes)


def test_an_empty_secret_is_kept_and_a_box_removes_it(shop: Shop, owner: FlaskClient) -> None:
    owner.post(PAGE, data={**CHOSEN, **SECRETS})
    owner.post(PAGE, data={**CHOSEN, "twilio_auth_token": ""})
    with shop.inside():
        assert vault.reveal("twilio_auth_token") == TOKEN
    owner.post(PAGE, data={**CHOSEN, "remove_twilio": "y"})
    with shop.inside():
        assert vault.names() == set()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sms_gateway": "whatsapp_cloud"}, "whatsapp_cloud sends only WhatsApp"),
        ({"sms_gateway": "pigeon"}, "There is no gateway"),
        ({"sms_from": "0812"[:2]}, "Enter the number with its country code"),
        ({"whatsapp_from": "08123456789"}, "Enter the number with its country code"),
        ({"twilio_account_sid": "SK123"}, "starts with AC"),
        ({"twilio_auth_token": "two words"}, "is one word"),
        ({"whatsapp_phone_number_id": "+62812"}, "only digits"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_saved(
    shop: Shop, owner: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    response = owner.post(PAGE, data={**CHOSEN, **SECRETS, **fields})
    assert response.status_code == 422
    assert sentence in words(response.text)
    assert TOKEN not in response.text
    with shop.inside():
        assert vault.names() == set()
        assert current_organization().sms_gateway == "console"


def flat(page: str) -> str:
    return " ".join(words(page).split())


def test_a_channel_is_saved_alone_and_an_incomplete_one_says_what_is_missing(shop: Shop, owner: FlaskClient) -> None:
    answer = owner.post(PAGE, data={"sms_gateway": "twilio", "sms_from": ""})
    assert answer.location == "/settings/messaging?open=sms#channel-sms"
    page = owner.get(answer.location).text
    assert "Saved, but SMS can't be sent yet: enter the Account SID and Auth Token." in flat(page)
    owner.post(PAGE, data={"twilio_account_sid": ACCOUNT, "sms_gateway": "twilio"})
    assert "can't be sent yet: enter the Auth Token." in flat(owner.get(PAGE).text)
    owner.post(PAGE, data={"twilio_auth_token": TOKEN, "sms_gateway": "twilio"})
    assert "can't be sent yet: enter the SMS sender number." in flat(owner.get(PAGE).text)
    answer = owner.post(PAGE, data={"sms_from": SMS_FROM, "sms_gateway": "twilio"})
    assert answer.location == "/settings/messaging"
    assert "Saved." in words(owner.get(PAGE).text)
    with shop.inside():
        assert current_organization().whatsapp_gateway == "manual"


def test_a_card_has_its_own_fields_with_ids_of_their_own(shop: Shop, owner: FlaskClient) -> None:
    page = owner.get(PAGE).text
    ids = re.findall(r' id="([^"]+)"', page)
    assert [id_ for id_ in ids if ids.count(id_) > 1 and id_ != "csrf_token"] == []
    sms, whatsapp = page.split('id="channel-whatsapp"')
    assert 'name="whatsapp_token"' not in sms
    assert 'name="whatsapp_token"' in whatsapp
    assert re.search(r'data-copy="http[^"]*/webhooks/twilio/inbound"', sms)
    assert 'href="https://console.twilio.com/"' in sms


def test_a_mistake_opens_the_card_that_it_is_in(shop: Shop, owner: FlaskClient) -> None:
    page = owner.post(PAGE, data={"whatsapp_gateway": "whatsapp_cloud", "whatsapp_phone_number_id": "+62"}).text
    assert 'href="#whatsapp-whatsapp_phone_number_id"' in page
    assert page.count('class="more" open') == 1
    assert page.index('id="channel-whatsapp"') < page.index('class="more" open')


def test_the_menu_of_settings_stays_where_it_was_after_a_test(shop: Shop, owner: FlaskClient) -> None:
    page = owner.post(TEST, data={"channel": "sms", "to": ""}).text
    assert re.search(r'href="/settings/messaging" aria-current="page"', page)


def test_the_page_says_whether_the_worker_runs(shop: Shop, owner: FlaskClient) -> None:
    assert "Worker running" not in owner.get(PAGE).text
    with shop.inside():
        health.beat("worker")
    assert "Worker running" in owner.get(PAGE).text
    with shop.inside(), transaction() as session:
        session.execute(sa.update(health.WorkerBeat).values(beat_at=clock.utcnow() - dt.timedelta(seconds=90)))
    shop.app.extensions[health.STARTED] -= 120
    assert 'id="notice-worker"' in owner.get(PAGE).text


def test_a_secret_belongs_to_its_organization_and_name_alone(shop: Shop, stranger: Shop) -> None:
    shop.set(**SECRETS)
    with shop.inside():
        sealed = dict(db.session.execute(sa.select(StoredSecret.name, StoredSecret.sealed)).all())
    stranger.set(twilio_auth_token="another")
    with stranger.inside(), transaction() as session:
        session.scalars(sa.select(StoredSecret)).one().sealed = sealed["twilio_auth_token"]
    with stranger.inside():
        assert vault.reveal("twilio_auth_token") == ""
    with shop.inside(), transaction() as session:
        for row in session.scalars(sa.select(StoredSecret)):
            row.sealed = sealed["twilio_account_sid"]
    with shop.inside():
        assert vault.reveal_all() == {"twilio_account_sid": ACCOUNT, "twilio_auth_token": ""}


def test_a_changed_secret_key_can_still_read_what_the_old_one_sealed(app: Flask, shop: Shop) -> None:
    shop.set(**SECRETS)
    old, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "another key of the installation 123"
    with shop.inside():
        assert vault.reveal("twilio_auth_token") == ""
    app.config["SECRET_KEY_FALLBACKS"] = [old]
    with shop.inside():
        assert vault.reveal("twilio_auth_token") == TOKEN


def test_the_webhook_secret_is_set_by_command(app: Flask, shop: Shop) -> None:
    run = app.test_cli_runner().invoke
    refused = run(args=["org", "set", "shop", "webhook_secret=too short"])
    assert refused.exit_code != 0
    assert "whsec_" in refused.output
    assert run(args=["org", "set", "shop", f"webhook_secret={WEBHOOK_SECRET}", "sms_from=+15005550006"]).exit_code == 0
    with shop.inside():
        assert vault.reveal("webhook_secret") == WEBHOOK_SECRET
        assert current_organization().sms_from == SMS_FROM


# Whose account


def test_the_installations_account_is_used_where_an_organization_has_none(app: Flask, shop: Shop) -> None:
    app.config.update(
        TWILIO_ACCOUNT_SID="AC9", TWILIO_AUTH_TOKEN="env", TWILIO_FROM="+62811", TWILIO_WHATSAPP_FROM="+62812"
    )
    with shop.inside():
        sender = sender_of(current_organization(), "twilio", WHATSAPP)
        assert (sender.account, sender.token, sender.number) == ("AC9", "env", "+62812")
        assert sender_of(current_organization(), "twilio", SMS).number == "+62811"
    shop.set(twilio_account_sid=ACCOUNT)
    with shop.inside():
        sender = sender_of(current_organization(), "twilio", SMS)
        assert (sender.account, sender.token, sender.number) == (ACCOUNT, "", ""), "accounts are never mixed"


# Whether it works


def test_the_page_says_what_is_missing(shop: Shop, owner: FlaskClient) -> None:
    shop.set(sms_gateway="twilio")
    page = owner.get(PAGE).text
    assert 'data-channel="sms" data-state="not ready"' in page
    assert "Enter the Account SID and Auth Token below." in page
    shop.set(**SECRETS)
    assert "Enter the SMS sender number below." in owner.get(PAGE).text
    shop.set(sms_from=SMS_FROM)
    assert 'data-channel="sms" data-state="ready"' in owner.get(PAGE).text


def test_a_refused_sender_is_told_everywhere_until_it_is_dismissed(
    twilio: Provider, shop: Shop, owner: FlaskClient
) -> None:
    id_ = block(shop)
    for url in ("/", "/messages"):
        page = owner.get(url).text
        assert "SMS is not being sent" in page
        assert "Twilio refused it." in page
        assert f"/settings/messaging/senders/{id_}/retry" in page
    staff = shop.browser(Role.STAFF).get("/").text
    assert "SMS is not being sent" in staff
    assert "An owner can fix it" in staff
    assert "/retry" not in staff
    assert 'data-state="refused"' in owner.get(PAGE).text

    assert owner.post(f"/settings/messaging/senders/{id_}/dismiss").status_code == 303
    assert "SMS is not being sent" not in owner.get("/").text
    assert 'data-state="refused"' in owner.get(PAGE).text, "it is still refused"


def test_a_gateway_that_is_left_takes_its_refusal_along(twilio: Provider, shop: Shop) -> None:
    block(shop)
    shop.set(sms_gateway="console")
    assert blocked(shop) == []


# A test message


def test_a_test_message_is_sent_with_the_account(twilio: Provider, shop: Shop, owner: FlaskClient) -> None:
    response = owner.post(TEST, data={"channel": "sms", "to": "0812-3456-7890"})
    assert response.status_code == 303
    (request,) = twilio.sent
    assert (request.account, request.token, request.sender, request.to) == (ACCOUNT, TOKEN, SMS_FROM, "+6281234567890")
    assert "test message from Shop" in request.body
    assert "Test message sent to" in owner.get(PAGE).text


def test_a_refused_test_message_says_why(twilio: Provider, shop: Shop, owner: FlaskClient) -> None:
    twilio.says = lambda request: twilio_error(401, 20003)
    response = owner.post(TEST, data={"channel": "sms", "to": "0812-3456-7890"})
    assert response.status_code == 422
    assert "the Account SID or the Auth Token is wrong" in words(response.text)
    assert 'value="0812-3456-7890"' in response.text
    assert TOKEN not in response.text


def test_a_test_message_that_is_taken_ends_the_refusal(twilio: Provider, shop: Shop, owner: FlaskClient) -> None:
    block(shop)
    owner.post(TEST, data={"channel": "sms", "to": "0812-3456-7890"})
    assert blocked(shop) == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"channel": "sms", "to": ""}, "Enter the number or address to send it to."),
        ({"channel": "sms", "to": "12"}, "No such number can be called"),
        ({"channel": "fax", "to": "0812-3456-7890"}, "Choose SMS, WhatsApp or E-mail."),
        ({"channel": "whatsapp", "to": "0812-3456-7890"}, "You send WhatsApp yourself"),
        ({"channel": "sms", "to": "0811-1111-111"}, "has opted out"),
    ],
)
def test_a_test_message_that_can_not_be_sent_says_why(
    twilio: Provider, shop: Shop, owner: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    owner.post("/settings/opt-outs", data={"phone": "0811-1111-111"})
    response = owner.post(TEST, data=fields)
    assert response.status_code == 422
    assert sentence in words(response.text)
    assert twilio.sent == []


def test_whatsapp_goes_by_meta(shop: Shop, owner: FlaskClient, fake: Provider) -> None:
    account = {"whatsapp_token": "EAAG", "whatsapp_phone_number_id": "106540352242922"}
    owner.post(PAGE, data={"sms_gateway": "manual", "whatsapp_gateway": "whatsapp_cloud", **account})
    assert owner.post(TEST, data={"channel": "whatsapp", "to": "0812-3456-7890"}).status_code == 303
    assert (fake.sent[0].token, fake.sent[0].to) == ("EAAG", "6281234567890")
