"""Whose a provider's request is: its signature before any work, numbers that are taken, and numbers that are shared."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from crm.customers.models import Customer
from crm.customers.rules import Consent
from crm.kernel import vault
from crm.kernel.extensions import db
from crm.messages.channels.base import Channel
from crm.messages.channels.phones import PHONES
from crm.messages.channels.registry import channels_of
from crm.messages.channels.sms import SMS
from crm.messages.inbound_models import InboundMessage
from crm.messages.suppression_models import Suppression
from crm.providers.twilio import webhook as twilio
from crm.providers.twilio.webhook import is_signed as is_twilio_signed
from crm.providers.whatsapp_cloud import webhook as meta
from crm.providers.whatsapp_cloud.webhook import is_signed as is_meta_signed
from crm.web import signed
from tests.factories import make_attempt
from tests.messages.provider import NUMBER, PHONE_NUMBER_ID, PUBLIC, TOKEN, Provider, metadata, status
from tests.messages.shop import E164, Shop

OWN_NUMBER = "+6281100000009"
SERVICE = "MG" + "2" * 32
OWN = {"twilio_account_sid": "AC" + "1" * 32, "twilio_auth_token": "our-own-token-of-twilio"}
META = {
    "whatsapp_gateway": "whatsapp_cloud",
    "whatsapp_token": "EAAG",
    "whatsapp_phone_number_id": "555",
    "whatsapp_app_secret": "our-own-secret-of-meta",
}


class Work:
    """What a request cost: statements and secrets that were read."""

    statements = 0
    secrets = 0


@contextlib.contextmanager
def counted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    work, reveal = Work(), vault.reveal_all

    def count(*args: object) -> None:
        work.statements += 1

    def reveal_counted() -> dict[str, str]:
        work.secrets += 1
        return reveal()

    with app.app_context():
        engine = db.engine
    monkeypatch.setattr(vault, "reveal_all", reveal_counted)
    sa.event.listen(engine, "before_cursor_execute", count)
    yield work
    sa.event.remove(engine, "before_cursor_execute", count)


def read(shop: Shop) -> list[str]:
    """Return the texts that reached a shop."""
    with shop.inside():
        return list(db.session.scalars(sa.select(InboundMessage.body).order_by(InboundMessage.id)))


def listed(shop: Shop) -> list[str]:
    with shop.inside():
        return list(db.session.scalars(sa.select(Suppression.address)))


def wrote(shop: Shop) -> None:
    """Let a shop have written to the customer by a provider."""
    with shop.inside():
        make_attempt("twilio", customer_id=shop.customer())


# The signature first.


@pytest.mark.parametrize("signature", ["", "sha256=" + "0" * 64])
def test_an_unsigned_request_costs_the_same_whatever_it_says(
    shop: Shop, stranger: Shop, provider: Provider, monkeypatch: pytest.MonkeyPatch, signature: str
) -> None:
    for one in (shop, stranger):
        one.set(whatsapp_gateway="whatsapp_cloud", whatsapp_app_secret=f"secret-of-{one.id}")
    texts = [
        {
            "field": "messages",
            "value": {
                "metadata": {"phone_number_id": str(number)},
                "statuses": [status(number, "sent")],
                "messages": [{"from": "62812", "id": str(number), "type": "text", "text": {"body": "x"}}],
            },
        }
        for number in range(1, 1_001)
    ]
    client, headers = provider.app.test_client(), {"X-Hub-Signature-256": signature}

    def cost(changes: list[object]) -> tuple[int, int]:
        raw = json.dumps({"entry": [{"changes": changes}]})
        with counted(provider.app, monkeypatch) as work:
            assert client.post("/webhooks/whatsapp", data=raw, headers=headers).status_code == 403
        return work.statements, work.secrets

    first = cost([])
    few, many = cost(texts[:1]), cost(list(texts))
    assert few == many
    assert many[1] == 0, "the secrets are known by now"
    assert many <= (3, 0)
    assert first[1] in (0, 2), "each organization's are read once"


def test_an_unsigned_text_or_token_costs_the_same_however_many_send(
    shop: Shop, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"MessageSid": "SM1", "From": E164, "To": NUMBER, "Body": "Hello"}
    asked = {"hub.mode": "subscribe", "hub.verify_token": "x"}

    def cost() -> list[int]:
        found = []
        for call in (
            lambda: provider.twilio("/webhooks/twilio/inbound", form, token="x"),
            lambda: provider.app.test_client().get("/webhooks/whatsapp", query_string=asked),
        ):
            with counted(provider.app, monkeypatch) as work:
                assert call().status_code == 403
            found += [work.statements, work.secrets]
        return found

    cost()
    before = cost()
    for number in range(4):
        with provider.app.app_context():
            other = Shop.open(provider.app, f"other-{number}")
        other.set(sms_gateway="twilio", twilio_account_sid=f"AC{number}", twilio_auth_token=f"token-{number}")
    cost()
    assert cost() == before


def test_a_secret_that_changes_is_the_one_that_counts(shop: Shop, provider: Provider) -> None:
    shop.set(**META)
    text = {"metadata": {"phone_number_id": "555"}, "messages": []}
    assert provider.meta(text, secret="our-own-secret-of-meta").status_code == 200
    shop.set(whatsapp_app_secret="a-new-secret-of-meta")
    assert provider.meta(text, secret="our-own-secret-of-meta").status_code == 403
    assert provider.meta(text, secret="a-new-secret-of-meta").status_code == 200


def test_large_requests_of_one_who_forges_are_not_looked_at(
    provider: Provider, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed, "MAX_FORGED", 2)
    large = b'{"entry": [], "x": "' + b"y" * (signed.SMALL_REQUEST + 1) + b'"}'
    assert [provider.meta_raw(large, "forged").status_code for _ in range(3)] == [403, 403, 429]
    assert provider.meta_raw(large).status_code == 429
    assert provider.meta_raw(b'{"entry": []}').status_code == 200, "what is small is heard all the same"


def test_a_large_request_is_checked_with_the_secrets_of_those_alone_that_it_names(
    shop: Shop, stranger: Shop, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.set(**META)
    stranger.set(**{**META, "whatsapp_phone_number_id": "666", "whatsapp_app_secret": "their-own-secret-of-meta"})
    checks: list[str] = []

    def check(secret: str, raw: bytes, signature: str) -> bool:
        checks.append(secret)
        return is_meta_signed(secret, raw, signature)

    monkeypatch.setattr(meta, "is_signed", check)

    def call(number: str, size: int, secret: str = "forged") -> int:
        value = {"metadata": {"phone_number_id": number}, "padding": "y" * size}
        checks.clear()
        return provider.meta(value, secret=secret).status_code

    assert (call("777", 0), len(checks)) == (403, 3)
    assert (call("777", 100_000), len(checks)) == (403, 1)
    assert call("555", 100_000, META["whatsapp_app_secret"]) == 200
    assert call("666", 100_000, META["whatsapp_app_secret"]) == 403


def test_a_form_is_as_large_as_all_of_its_fields_and_too_many_are_not_checked(
    shop: Shop, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        other = Shop.open(provider.app, f"other-{number}")
        other.set(sms_gateway="twilio", twilio_account_sid=f"AC{number}", twilio_auth_token=f"token-{number}")
    checks: list[str] = []

    def check(token: str, url: str, form: MultiDict[str, str], signature: str) -> bool:
        checks.append(token)
        return is_twilio_signed(token, url, form, signature)

    monkeypatch.setattr(twilio, "is_signed", check)
    headers = {"X-Twilio-Signature": "A" * 27 + "="}

    def call(data: dict[str, list[str]], content_type: str = "application/x-www-form-urlencoded") -> tuple[int, int]:
        checks.clear()
        answer = provider.app.test_client().post(
            "/webhooks/twilio/inbound", data=data, headers=headers, content_type=content_type
        )
        return answer.status_code, len(checks)

    account = {"AccountSid": ["AC9"]}
    assert call(account | {"Body": ["x"]}) == (403, 4)
    for large in ({"Body": ["x" * 20_000]}, {"x" * 20_000: [""]}, {"Body": [f"{n:0200}" for n in range(200)]}):
        assert call(account | large) == (403, 1), "with the token of the installation alone"
    many = {"x": [str(n) for n in range(301)]}
    assert call(many) == (400, 0)
    assert call(many, "multipart/form-data") == (413, 0)


def test_what_the_official_library_signs_is_heard(shop: Shop, provider: Provider) -> None:
    shop.set(sms_gateway="twilio")
    path, form = "/webhooks/twilio/inbound", {"MessageSid": "SM1", "From": E164, "To": NUMBER, "Body": "Halo ☕"}
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, form)
    answer = provider.app.test_client().post(path, data=form, headers={"X-Twilio-Signature": signature})
    assert (answer.status_code, read(shop)) == (200, ["Halo ☕"])


def test_a_text_that_twilio_itself_took_for_stop_opts_out(shop: Shop, provider: Provider) -> None:
    shop.set(sms_gateway="twilio")
    form = {"From": E164, "To": NUMBER}

    def text(sid: str, body: str, said: str) -> None:
        answer = provider.twilio(
            "/webhooks/twilio/inbound", form | {"MessageSid": sid, "Body": body, "OptOutType": said}
        )
        assert answer.status_code == 200

    text("SM1", "Basta ya", "STOP")
    assert listed(shop) == [E164]
    text("SM2", "Info", "HELP")
    assert listed(shop) == [E164]
    text("SM3", "Otra vez", "START")
    assert listed(shop) == []


def test_a_wish_about_offers_is_consent_for_whatsapp(shop: Shop, provider: Provider) -> None:
    shop.set(whatsapp_gateway="whatsapp_cloud")
    sari = shop.customer(marketing_whatsapp=Consent.GIVEN, marketing_sms=Consent.GIVEN)

    def agreed() -> tuple[Consent, Consent]:
        with shop.inside():
            customer = db.session.get_one(Customer, sari)
            return customer.marketing_whatsapp, customer.marketing_sms

    def wish(value: str, at: int) -> None:
        said = {"wa_id": E164[1:], "category": "marketing_messages", "value": value, "timestamp": at}
        change = {"field": "user_preferences", "value": {"metadata": metadata(), "user_preferences": [said]}}
        assert provider.meta_raw(json.dumps({"entry": [{"changes": [change]}]}).encode()).status_code == 200

    wish("stop", 1_731_705_721)
    assert agreed() == (Consent.WITHDRAWN, Consent.GIVEN)
    wish("resume", 1_731_705_800)
    wish("stop", 1_731_705_721)
    assert agreed() == (Consent.GIVEN, Consent.GIVEN), "the same wish again is no new one"
    assert listed(shop) == [], "it is about offers alone"


# What is not about us.


@pytest.mark.parametrize("own", [False, True], ids=["the installation's account", "an account of one's own"])
def test_what_is_not_about_us_is_passed_over(shop: Shop, provider: Provider, own: bool) -> None:
    shop.set(**(META if own else {"whatsapp_gateway": "whatsapp_cloud"}))
    secret = {"secret": META["whatsapp_app_secret"]} if own else {}
    text = {"from": "6281234567890", "id": "wamid.1", "type": "text", "text": {"body": "Hello"}}
    without_id = status(1, "delivered")
    del without_id["biz_opaque_callback_data"]
    for value in (
        {"statuses": [without_id]},
        {"metadata": {"phone_number_id": "777"}, "messages": [text]},
        {"metadata": metadata(), "errors": [{"code": 131000, "title": "Trouble"}]},
    ):
        assert provider.meta(value, **secret).status_code == 200, value
    template = {"field": "message_template_status_update", "value": {"event": "APPROVED", "message_template_id": 1}}
    raw = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [template]}]}).encode()
    assert provider.meta_raw(raw, **secret).status_code == 200
    assert read(shop) == []


# Numbers of a Messaging Service.


def test_a_service_has_all_of_its_numbers_beside_the_one_that_is_named(shop: Shop, provider: Provider) -> None:
    shop.set(sms_gateway="twilio", sms_from=OWN_NUMBER, twilio_messaging_service_sid=SERVICE, **OWN)
    form = {"From": E164, "To": "+6221500777", "Body": "STOP", "MessagingServiceSid": SERVICE}

    def call(**fields: str) -> int:
        return provider.twilio(
            "/webhooks/twilio/inbound", {**form, **fields}, token=OWN["twilio_auth_token"]
        ).status_code

    assert call(MessageSid="SM1") == 200
    assert listed(shop) == [E164]
    assert call(MessageSid="SM2", To=OWN_NUMBER, Body="START") == 200
    assert listed(shop) == []
    assert call(MessageSid="SM3", MessagingServiceSid="MG" + "3" * 32) == 404


# Numbers that are taken.


def test_a_number_of_another_organization_is_refused_with_a_sentence(
    shop: Shop, stranger: Shop, provider: Provider
) -> None:
    shop.set(sms_gateway="twilio", sms_from=OWN_NUMBER)
    run = provider.app.test_cli_runner().invoke
    browser, page = stranger.browser(), "/settings/messaging"

    for name in ("sms_from", "whatsapp_from"):
        answer = browser.post(page, data={"sms_gateway": "manual", "whatsapp_gateway": "manual", name: OWN_NUMBER})
        assert answer.status_code == 422
        assert "Another organization sends from +6281100000009" in answer.text
        told = run(args=["org", "set", "stranger", f"{name}={OWN_NUMBER}"])
        assert (told.exit_code, "Another organization sends from" in told.output) == (1, True)

    assert run(args=["org", "set", "shop", f"sms_from={OWN_NUMBER}", "name=Toko"]).exit_code == 0, "the first keeps it"
    stranger.set(sms_from=OWN_NUMBER, **OWN)
    told = run(args=["org", "set", "stranger", "twilio_account_sid=", "twilio_auth_token="])
    assert told.exit_code == 1, "it may not come back to the account either"
    shop.set(sms_from="")
    assert run(args=["org", "set", "stranger", "twilio_account_sid=", "twilio_auth_token="]).exit_code == 0


def test_another_spelling_of_a_number_is_taken_too_and_a_name_never_is(shop: Shop, stranger: Shop) -> None:
    shop.set(sms_from="+5215512345678")
    with pytest.raises(Exception, match="Another organization"):
        stranger.set(sms_from="+525512345678")
    shop.set(sms_from="TOKO SARI")
    stranger.set(sms_from="TOKO SARI")


def test_one_who_only_names_a_number_reads_none_of_its_texts(shop: Shop, stranger: Shop, provider: Provider) -> None:
    shop.set(sms_gateway="twilio")
    stranger.set(sms_from=NUMBER)
    stranger.customer()
    provider.twilio_text("My secret order", E164)
    assert (read(shop), read(stranger)) == (["My secret order"], [])


# Numbers that are shared.


@pytest.mark.parametrize("channel", channels_of(PHONES))
def test_a_text_to_a_shared_number_is_for_the_one_that_wrote_last(
    shop: Shop, stranger: Shop, provider: Provider, channel: Channel
) -> None:
    for one in (shop, stranger):
        one.set(sms_gateway="twilio", whatsapp_gateway="whatsapp_cloud")

    def write(body: str) -> None:
        if channel is SMS:
            provider.twilio_text(body, E164, f"SM-{body}")
        else:
            provider.meta_text(body, E164, f"wamid.{body}")

    write("to the oldest")
    wrote(stranger)
    write("to the second")
    wrote(shop)
    write("to the first")
    write("STOP")

    assert read(shop) == ["to the oldest", "to the first", "STOP"]
    assert read(stranger) == ["to the second", "STOP"]
    assert [listed(shop), listed(stranger)] == [[E164], [E164]], "it holds for all that send from the number"
    write("YES")
    assert [listed(shop), listed(stranger)] == [[], []]


def test_a_number_of_ones_own_comes_before_a_service_that_has_it_and_the_shared_one_is_nobodys(
    shop: Shop, stranger: Shop, provider: Provider
) -> None:
    provider.app.config["TWILIO_MESSAGING_SERVICE_SID"] = SERVICE
    shop.set(sms_gateway="twilio")
    stranger.set(sms_gateway="twilio", sms_from=OWN_NUMBER)
    form = {"MessageSid": "SM1", "From": E164, "To": OWN_NUMBER, "Body": "To you", "MessagingServiceSid": SERVICE}
    assert provider.twilio("/webhooks/twilio/inbound", form).status_code == 200
    assert (read(shop), read(stranger)) == ([], ["To you"])

    stranger.set(sms_from=NUMBER)
    provider.twilio_text("To whom?", E164)
    assert (read(shop), read(stranger)) == (["To whom?"], ["To you"])


def test_of_two_with_one_number_at_meta_each_hears_what_its_own_app_signed(
    shop: Shop, stranger: Shop, provider: Provider
) -> None:
    shop.set(whatsapp_gateway="whatsapp_cloud")
    stranger.set(**{**META, "whatsapp_phone_number_id": PHONE_NUMBER_ID})
    provider.meta_text("to the first", E164, "wamid.1")
    provider.meta_text("to the second", E164, "wamid.2", secret=META["whatsapp_app_secret"])
    assert (read(shop), read(stranger)) == (["to the first"], ["to the second"])
