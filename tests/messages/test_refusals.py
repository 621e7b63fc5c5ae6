"""An account that is refused in reports: its messages wait, people are told once, and a good report ends it."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.messages.channels.base import Channel
from crm.messages.channels.phones import PHONES
from crm.messages.channels.registry import channels_of
from crm.messages.channels.sms import SMS
from crm.messages.models import BlockedSender
from crm.messages.rules import Status
from crm.providers.base import Answer
from crm.providers.twilio import codes as twilio_codes
from crm.providers.whatsapp_cloud import codes as meta_codes
from crm.values import clock
from tests.factories import make_attempt
from tests.messages.provider import NUMBER, PHONE_NUMBER_ID, SECRET, TOKEN
from tests.messages.provider import Provider as Caller
from tests.messages.shop import Shop
from tests.providers.fake import ACCESS, ACCOUNT, Provider, provider

PAGE, TEST = "/settings/messaging", "/settings/messaging/test"


@pytest.fixture
def fake(app: Flask) -> Iterator[Provider]:
    """Twilio and Meta, who take what is sent with the installation's accounts."""
    with provider() as running:
        app.config.update(
            TWILIO_API_BASE=running.url,
            WHATSAPP_API_BASE=running.url,
            TWILIO_ACCOUNT_SID=ACCOUNT,
            WHATSAPP_TOKEN=ACCESS,
        )
        yield running


@pytest.fixture
def caller(app: Flask, fake: Provider, shop: Shop) -> Caller:
    """The same providers, calling about a shop that sends by both."""
    found = Caller(app)
    shop.set(sms_gateway="twilio", whatsapp_gateway="whatsapp_cloud")
    return found


def blocked(shop: Shop) -> list[tuple[str, bool]]:
    with shop.inside():
        return [(row.channel, row.by_report) for row in db.session.scalars(sa.select(BlockedSender))]


def refusals(shop: Shop) -> int:
    with shop.inside():
        of_refusal = sa.select(sa.func.count(Event.id)).where(Event.action == "sender.refused")
        return db.session.scalar(of_refusal) or 0


def probe_now(shop: Shop) -> None:
    with shop.inside(), transaction() as session:
        session.execute(sa.update(BlockedSender).values(probe_at=clock.utcnow() - dt.timedelta(seconds=1)))


def words(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_messages_wait_and_go_out_once_a_report_says_that_it_works(shop: Shop, caller: Caller, fake: Provider) -> None:
    ids = [shop.schedule(shop.customer(str(n), f"0812-3456-78{n}0")) for n in range(3)]
    shop.work()
    attempts = [shop.attempts(id_)[-1].id for id_ in ids]
    for id_ in attempts:
        caller.twilio_status(id_, "undelivered", "30034")

    assert {shop.status(id_) for id_ in ids} == {Status.HELD}
    assert "not registered for business texts" in shop.message(ids[0]).reason
    assert shop.message(ids[0]).handed_over_at is None
    assert (blocked(shop), refusals(shop)) == ([("sms", True)], 1), "told once"
    assert "SMS is not being sent" in shop.browser().get("/").text

    probe_now(shop)
    for id_ in ids:
        shop.look_now(id_)
    shop.work()
    (tried,) = [id_ for id_ in ids if shop.status(id_) is Status.ACCEPTED]
    assert blocked(shop), "that it was taken proves nothing"
    caller.twilio_status(shop.attempts(tried)[-1].id, "failed", "30034")
    assert {shop.status(id_) for id_ in ids} == {Status.HELD}
    assert refusals(shop) == 1

    probe_now(shop)
    shop.look_now(tried)
    shop.work()
    caller.twilio_status(shop.attempts(tried)[-1].id, "sent")
    assert blocked(shop), "the customer's network may still refuse it"
    caller.twilio_status(shop.attempts(tried)[-1].id, "delivered")
    assert blocked(shop) == []
    shop.work()
    assert {shop.status(id_) for id_ in ids} == {Status.DELIVERED, Status.ACCEPTED}
    assert len(fake.sent) == 3 + 1 + 1 + 2


def test_an_earlier_message_that_arrives_late_does_not_end_it(shop: Shop, caller: Caller) -> None:
    with shop.inside():
        early, late = (make_attempt(customer_id=shop.customer(str(n), f"0812-3456-78{n}0")) for n in range(2))
    caller.twilio_status(late, "failed", "30002")
    caller.twilio_status(early, "delivered")
    assert blocked(shop) == [("sms", True)]


def test_what_is_not_the_accounts_fault_fails_alone(shop: Shop, caller: Caller) -> None:
    with shop.inside():
        attempt = make_attempt(customer_id=shop.customer())
    caller.twilio_status(attempt, "undelivered", "30003")
    assert blocked(shop) == []


def test_what_comes_late_of_an_earlier_attempt_holds_nothing(shop: Shop, caller: Caller) -> None:
    with shop.inside():
        attempt = make_attempt(customer_id=shop.customer(), status="delivered")
    caller.twilio_status(attempt, "failed", "30002")
    assert blocked(shop) == []


def test_a_gateway_that_was_left_holds_nothing(shop: Shop, caller: Caller) -> None:
    with shop.inside():
        attempt = make_attempt(customer_id=shop.customer())
    shop.set(sms_gateway="console")
    caller.twilio_status(attempt, "failed", "30034")
    assert blocked(shop) == []


@pytest.mark.parametrize(
    "code", sorted(code for code, found in meta_codes.CODES.items() if found.answer is Answer.REFUSED_SENDER)[-6:]
)
def test_each_refusal_of_meta_holds_the_channel(shop: Shop, caller: Caller, code: int) -> None:
    with shop.inside():
        attempt = make_attempt("whatsapp_cloud", channel="whatsapp", customer_id=shop.customer())
    caller.meta_status(attempt, "failed", code)
    assert blocked(shop) == [("whatsapp", True)]
    with shop.inside():
        later = make_attempt("whatsapp_cloud", channel="whatsapp", customer_id=shop.customer("Siti", "0812-3456-7891"))
    caller.meta_status(later, "sent")
    assert blocked(shop) == [], "what WhatsApp refuses is never sent"


def test_every_documented_code_of_a_report_has_words() -> None:
    for code in (30032, 30033, 30035, 30036, 30410, 30450, 63001, 63014, 63019, 63025, 63036, 63041):
        assert "code" not in twilio_codes.explain(code), code
    assert "twilio.com/docs/api/errors/39999" in twilio_codes.explain(39999)


# Test messages


@pytest.mark.parametrize("channel", channels_of(PHONES))
@pytest.mark.parametrize("own", [False, True], ids=["the installation's account", "an account of one's own"])
def test_an_owner_reads_that_a_test_message_failed(
    shop: Shop, stranger: Shop, caller: Caller, fake: Provider, owner: FlaskClient, channel: Channel, own: bool
) -> None:
    secret = "our-own-secret-of-meta" if own else SECRET
    if own:
        shop.set(twilio_account_sid=ACCOUNT, twilio_auth_token=TOKEN, sms_from=NUMBER)
        shop.set(whatsapp_token=ACCESS, whatsapp_phone_number_id=PHONE_NUMBER_ID, whatsapp_app_secret=secret)
    assert owner.post(TEST, data={"channel": channel, "to": "0812-3456-7890"}).status_code == 303
    assert f'data-test="{channel}" data-state="accepted"' in owner.get(PAGE).text

    if channel is SMS:
        path = fake.sent[0].callback.removeprefix("https://crm.example.org")
        form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"}
        assert caller.twilio(path, form, token="forged").status_code == 403
        assert caller.twilio(path.replace("/tests/", "/tests/9"), form).status_code == 404
        assert caller.twilio(path, form).status_code == 204
    else:
        failed = {"id": "wamid.1", "status": "failed", "errors": [{"code": 131026}]}
        failed["biz_opaque_callback_data"] = fake.sent[0].data
        assert caller.meta({"statuses": [failed]}, secret="forged").status_code == 403
        assert caller.meta({"statuses": [failed]}, secret=secret).status_code == 200

    page = words(owner.get(PAGE).text)
    assert f"Last {channel.label}" in page
    assert ("can't be reached" if channel is SMS else "has no WhatsApp") in page
    assert "Last test" not in words(stranger.browser().get(PAGE).text)
    assert blocked(shop) == []


def test_a_test_message_that_the_account_is_refused_for_holds_the_sender(
    shop: Shop, caller: Caller, owner: FlaskClient
) -> None:
    def report(test: int, word: str, code: int | None = None) -> None:
        said = {"id": "wamid.1", "status": word, "biz_opaque_callback_data": f"test-{test}"}
        caller.meta({"statuses": [said | ({"errors": [{"code": code}]} if code else {})]})

    owner.post(TEST, data={"channel": "whatsapp", "to": "0812-3456-7890"})
    report(1, "failed", 131042)
    assert blocked(shop) == [("whatsapp", True)]
    owner.post(TEST, data={"channel": "whatsapp", "to": "0812-3456-7890"})
    assert blocked(shop) == [("whatsapp", True)], "that it was taken proves nothing"
    report(2, "delivered")
    assert blocked(shop) == []
    report(2, "failed", 131026)
    assert 'data-state="delivered"' in owner.get(PAGE).text, "nothing takes back what arrived"
