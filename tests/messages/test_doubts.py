"""Messages of which nobody knows what became: asked about, sent again when they must arrive, and refused senders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from email.utils import format_datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.messages.channels.sms import SMS
from crm.messages.models import BlockedSender
from crm.messages.rules import Status
from crm.values import clock
from tests.messages.shop import E164, Shop
from tests.providers.fake import ACCOUNT, SMS_FROM, TOKEN, Provider, Say, provider, taken_by_twilio, twilio_error

TEXT = "Your cake is ready."


@pytest.fixture
def fake(app: Flask, shop: Shop) -> Iterator[Provider]:
    """Twilio, by which the shop sends its SMS."""
    with provider() as running:
        app.config["TWILIO_API_BASE"] = running.url
        account = {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN}
        shop.set(sms_gateway="twilio", sms_from=SMS_FROM, **account)
        yield running


def has(fake: Provider, *messages: dict[str, object]) -> None:
    fake.listed = lambda path: Say(200, {"messages": list(messages)})


def kept(sid: str = "SM1", status: str = "delivered", **values: object) -> dict[str, object]:
    """Return a message that Twilio has."""
    created = format_datetime(clock.utcnow())
    known = {"sid": sid, "to": E164, "from": SMS_FROM, "body": TEXT, "status": status, "direction": "outbound-api"}
    return {**known, "date_created": created, "error_code": None, **values}


def lost(shop: Shop, fake: Provider, **values: bool) -> int:
    """Schedule a message whose answer is lost."""
    fake.says = lambda request: Say(fault="close")
    id_ = shop.schedule(shop.customer(), body=TEXT)
    shop.look_now(id_, **values)
    shop.work()
    assert shop.status(id_) is Status.UNKNOWN
    fake.says = None
    return id_


def time_passes(shop: Shop, id_: int) -> None:
    """Let the time come at which a message counts as one that nobody can confirm."""
    shop.look_now(id_, status_at=clock.utcnow() - dt.timedelta(seconds=600))
    shop.work()


# Asking


@pytest.mark.parametrize(
    ("word", "status"),
    [("delivered", Status.DELIVERED), ("queued", Status.ACCEPTED), ("undelivered", Status.UNDELIVERED)],
)
def test_a_lost_answer_is_found_at_the_provider(shop: Shop, fake: Provider, word: str, status: Status) -> None:
    id_ = lost(shop, fake)
    has(fake, kept(status=word, error_code=30005 if word == "undelivered" else None))

    shop.look_now(id_)
    shop.work()

    message, (attempt,) = shop.message(id_), shop.attempts(id_)
    assert (message.status, attempt.provider_id) == (status, "SM1")
    assert ("not in use" in message.reason) == (word == "undelivered")
    assert len(fake.sent) == 1


def test_nothing_found_leaves_it_open_until_a_person_is_asked(shop: Shop, fake: Provider) -> None:
    id_ = lost(shop, fake)
    for _ in range(2):
        shop.look_now(id_)
        shop.work()
        assert shop.status(id_) is Status.UNKNOWN
    assert len(fake.asked) == 2

    time_passes(shop, id_)

    assert shop.status(id_) is Status.UNCONFIRMED
    assert "can't tell whether it arrived" in shop.message(id_).reason
    assert len(fake.sent) == 1, "never sent again by itself"


def test_two_messages_alike_are_not_mistaken_for_each_other(shop: Shop, fake: Provider) -> None:
    first, second = lost(shop, fake), lost(shop, fake)
    has(fake, kept())
    for id_ in (first, second):
        shop.look_now(id_)
    shop.work()
    assert (shop.status(first), shop.status(second)) == (Status.UNKNOWN, Status.UNKNOWN)


def test_a_message_of_another_attempt_is_not_taken(shop: Shop, fake: Provider) -> None:
    shop.schedule(shop.customer(), body=TEXT)
    shop.work()
    id_ = lost(shop, fake)
    has(fake, kept(sid=f"SM{1:032x}"))
    shop.look_now(id_)
    shop.work()
    assert shop.status(id_) is Status.UNKNOWN


def test_in_an_account_of_several_organizations_nothing_is_searched_for(
    app: Flask, shop: Shop, stranger: Shop, fake: Provider
) -> None:
    app.config.update(TWILIO_ACCOUNT_SID=ACCOUNT, TWILIO_AUTH_TOKEN=TOKEN)
    shop.set(twilio_account_sid="", twilio_auth_token="")
    id_ = lost(shop, fake)
    has(fake, kept())
    stranger.set(whatsapp_gateway="twilio")
    shop.look_now(id_)
    shop.work()
    assert (shop.status(id_), fake.asked) == (Status.UNKNOWN, [])

    stranger.set(whatsapp_gateway="manual")
    shop.look_now(id_)
    shop.work()
    assert shop.status(id_) is Status.DELIVERED


# What must arrive


def test_what_must_arrive_is_sent_once_more_by_itself_and_never_again(shop: Shop, fake: Provider) -> None:
    id_ = lost(shop, fake, must_arrive=True)
    fake.says = lambda request: Say(fault="close")
    time_passes(shop, id_)
    assert shop.status(id_) is Status.UNKNOWN
    assert len(fake.sent) == 2

    time_passes(shop, id_)

    assert shop.status(id_) is Status.UNCONFIRMED
    assert len(fake.sent) == 2


def test_the_form_says_what_must_arrive(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    fields = {"channel": "sms", "body": TEXT, "in_days": "1", "must_arrive": "y"}
    assert owner.post(f"/customers/{sari}/messages/new", data=fields).status_code == 303
    id_ = shop.schedule(shop.customer()) - 1
    assert shop.message(id_).must_arrive
    page = owner.get(f"/messages/{id_}/edit").text
    assert 'name="must_arrive"' in page
    assert "checked" in page.partition('name="must_arrive"')[0][-80:] + page.partition('name="must_arrive"')[2][:80]


# A refused sender


def blocked(shop: Shop) -> BlockedSender | None:
    with shop.inside():
        row = db.session.scalars(sa.select(BlockedSender)).one_or_none()
        db.session.expunge_all()
        return row


def refused(shop: Shop, fake: Provider, count: int = 3) -> list[int]:
    """Let a message be refused for the account, and then schedule more."""
    fake.says = lambda request: twilio_error(401, 20003)
    ids = [shop.schedule(shop.customer(), body=TEXT)]
    shop.work()
    assert shop.status(ids[0]) is Status.HELD
    ids += [shop.schedule(shop.customer(phone=f"0812-3456-700{number}")) for number in range(count - 1)]
    shop.work()
    return ids


def test_a_refused_account_is_told_once_and_not_hammered(shop: Shop, fake: Provider, owner: FlaskClient) -> None:
    ids = refused(shop, fake)

    assert [shop.status(id_) for id_ in ids] == [Status.HELD] * 3
    assert "the Account SID or the Auth Token is wrong" in shop.message(ids[2]).reason
    assert len(fake.sent) == 1, "who is refused is not tried again at once"
    assert "SMS is not being sent" in owner.get("/").text
    with shop.inside():
        told = db.session.scalars(sa.select(Event).where(Event.action == "sender.refused")).all()
        assert len(told) == 1


def test_one_message_at_a_time_tries_a_refused_account(shop: Shop, fake: Provider) -> None:
    ids = refused(shop, fake)
    with shop.inside(), transaction() as session:
        session.scalars(sa.select(BlockedSender)).one().probe_at = clock.utcnow() - dt.timedelta(seconds=1)
    for id_ in ids:
        shop.look_now(id_)
    shop.work()
    assert len(fake.sent) == 2


@pytest.mark.parametrize("how", ["try again", "org set", "test message"])
def test_what_waited_goes_once_the_account_is_put_right(
    app: Flask, shop: Shop, fake: Provider, owner: FlaskClient, how: str
) -> None:
    ids = refused(shop, fake)
    fake.says = None
    row = blocked(shop)
    assert row is not None
    if how == "try again":
        assert owner.post(f"/settings/messaging/senders/{row.id}/retry").status_code == 303
    elif how == "org set":
        assert app.test_cli_runner().invoke(args=["org", "set", "shop", "sms_gateway=twilio"]).exit_code == 0
    else:
        assert (
            owner.post("/settings/messaging/test", data={"channel": "sms", "to": "0812-1111-1111"}).status_code == 303
        )
    shop.work()

    assert [shop.status(id_) for id_ in ids] == [Status.ACCEPTED] * 3
    assert blocked(shop) is None
    assert "SMS is not being sent" not in owner.get("/").text


def test_trying_again_in_vain_calls_once(shop: Shop, fake: Provider, owner: FlaskClient) -> None:
    ids = refused(shop, fake)
    row = blocked(shop)
    assert row is not None
    owner.post(f"/settings/messaging/senders/{row.id}/retry")
    shop.work()
    assert len(fake.sent) == 2
    assert [shop.status(id_) for id_ in ids] == [Status.HELD] * 3


def test_an_account_that_is_not_set_up_holds_without_a_call(shop: Shop, fake: Provider) -> None:
    shop.set(twilio_auth_token="")
    id_ = shop.schedule(shop.customer())
    shop.work()
    assert shop.status(id_) is Status.HELD
    assert "Twilio needs an Account SID and an Auth Token" in shop.message(id_).reason
    assert fake.sent == []


# The whole way


def test_an_sms_goes_by_twilio_and_says_its_attempt(shop: Shop, fake: Provider) -> None:
    id_ = shop.schedule(shop.customer(), channel=SMS, body=TEXT)
    shop.work()
    (attempt,) = shop.attempts(id_)
    assert shop.status(id_) is Status.ACCEPTED
    assert fake.broken == []
    assert fake.sent[0].callback.endswith(f"/webhooks/twilio/status/{attempt.id}")
    assert attempt.provider_id == taken_by_twilio(1).payload["sid"]


def test_retry_after_is_kept_to(shop: Shop, fake: Provider) -> None:
    fake.says = lambda request: twilio_error(429, 20429, Retry_After="600")
    id_ = shop.schedule(shop.customer())
    shop.work()
    due_at = shop.due_at(id_)
    assert shop.status(id_) is Status.RETRY_WAIT
    assert due_at is not None
    assert 590 < (due_at - clock.utcnow()).total_seconds() <= 601
    assert shop.message(id_).attempts_made == 0
