"""Texts that come in: stop and start words, the customer's page, WhatsApp's window; on both databases."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from crm.accounts.models import Organization
from crm.customers.models import CustomerKey
from crm.customers.services import delete_customer
from crm.delivery import jobs
from crm.delivery.batch import Batch
from crm.delivery.send_policy import Go, Stop, check_policy
from crm.inbox import inbound
from crm.inbox.inbound import Incoming
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.messages.bookkeeping import lock_customers
from crm.messages.channels.phones import PHONES
from crm.messages.channels.registry import channels_of
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource, Suppression
from crm.opt_outs import services
from crm.opt_outs.keywords import Effect
from crm.values import clock
from tests.messages.provider import Provider
from tests.messages.shop import E164, Shop


@pytest.fixture(autouse=True)
def by_twilio(shop: Shop) -> None:
    """The shop sends by Twilio; its messages are not due in these tests."""
    use_gateways(shop, sms_gateway="twilio", whatsapp_gateway="twilio")


def use_gateways(shop: Shop, **values: str) -> None:
    with shop.app.app_context(), transaction() as session:
        session.execute(sa.update(Organization).where(Organization.id == shop.id).values(**values))


def texts(shop: Shop) -> list[tuple[str, str, str]]:
    """Return what came in: sender, text and effect."""
    with shop.inside():
        rows = db.session.scalars(sa.select(InboundMessage).order_by(InboundMessage.id))
        return [(row.sender, row.body, row.effect) for row in rows]


def listed(shop: Shop) -> list[str]:
    with shop.inside():
        return list(db.session.scalars(sa.select(Suppression.address)))


# Stop and start.


@pytest.mark.parametrize("body", ["STOP", " stop! ", "Unsubscribe.", "OptOut"])
@pytest.mark.parametrize("sender", [E164, f"whatsapp:{E164}"])
def test_a_stop_word_stops_what_is_pending_and_is_answered_with_nothing(
    shop: Shop, provider: Provider, body: str, sender: str
) -> None:
    ids = [shop.schedule(shop.customer(), in_=3600, channel=channel) for channel in channels_of(PHONES)]

    answer = provider.twilio_text(body, sender)

    assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/xml", "<Response/>")
    assert [shop.status(id_) for id_ in ids] == [Status.SUPPRESSED] * 2
    assert listed(shop) == [E164]
    assert texts(shop)[0][2] == "stop"


@pytest.mark.parametrize("body", ["START", "yes", "Unstop"])
def test_a_start_word_takes_the_number_off_unless_staff_put_it_there(shop: Shop, provider: Provider, body: str) -> None:
    provider.twilio_text("STOP", E164, "SM1")
    provider.twilio_text(body, E164, "SM2")
    assert listed(shop) == []

    with shop.inside():
        services.put_on(E164, PHONES, OptOutSource.STAFF)
    provider.twilio_text(body, E164, "SM3")
    assert listed(shop) == [E164]


def test_the_organizations_own_word_stops(shop: Shop, provider: Provider) -> None:
    with shop.inside():
        services.set_stop_words(["berhenti"])
    provider.twilio_text("Berhenti.", E164)
    assert listed(shop) == [E164]


def test_it_holds_for_every_organization_that_sends_from_the_number(
    shop: Shop, stranger: Shop, provider: Provider
) -> None:
    use_gateways(stranger, sms_gateway="twilio")
    with provider.app.app_context():
        third = Shop.open(provider.app, "third")
    pending = stranger.schedule(stranger.customer(), in_=3600)

    provider.twilio_text("STOP", E164)

    assert [listed(shop), listed(stranger), listed(third)] == [[E164], [E164], []]
    assert stranger.status(pending) is Status.SUPPRESSED


def test_the_number_is_the_organizations_own_where_it_has_one(shop: Shop, stranger: Shop, provider: Provider) -> None:
    stranger.set(sms_gateway="twilio", sms_from="+6221500999")

    provider.twilio_text("STOP", E164)
    assert [listed(shop), listed(stranger)] == [[E164], []]

    other = {"MessageSid": "SM9", "From": E164, "To": "+6221500999", "Body": "STOP"}
    assert provider.twilio("/webhooks/twilio/inbound", other).status_code == 200
    assert listed(stranger) == [E164]


def test_a_messaging_service_stands_for_its_numbers(shop: Shop, provider: Provider) -> None:
    service = "MG" + "2" * 32
    own = {"twilio_account_sid": "AC" + "1" * 32, "twilio_auth_token": "our-own-token-of-twilio"}
    shop.set(sms_gateway="twilio", twilio_messaging_service_sid=service, **own)
    form = {"MessageSid": "SM9", "From": E164, "To": "+6221500777", "Body": "STOP", "MessagingServiceSid": service}

    assert provider.twilio("/webhooks/twilio/inbound", form).status_code == 403
    answer = provider.twilio("/webhooks/twilio/inbound", form, token="our-own-token-of-twilio")

    assert (answer.status_code, listed(shop)) == (200, [E164])


def test_the_number_of_meta_may_be_the_organizations_own(shop: Shop, provider: Provider) -> None:
    own = {"whatsapp_token": "t" * 20, "whatsapp_phone_number_id": "555", "whatsapp_app_secret": "s" * 20}
    shop.set(whatsapp_gateway="whatsapp_cloud", **own)
    text = {"from": E164.lstrip("+"), "id": "wamid.1", "type": "text", "text": {"body": "STOP"}}
    value = {"metadata": {"phone_number_id": "555"}, "messages": [text]}

    assert provider.meta(value).status_code == 403
    assert provider.meta(value, secret="s" * 20).status_code == 200
    assert listed(shop) == [E164]


def test_a_stop_word_that_comes_late_does_not_lose_to_an_earlier_start(shop: Shop, provider: Provider) -> None:
    use_gateways(shop, whatsapp_gateway="whatsapp_cloud")
    now = int(clock.utcnow().timestamp())
    provider.meta_text("STOP", E164, "wamid.2", now - 60)
    provider.meta_text("START", E164, "wamid.1", now - 120)
    assert listed(shop) == [E164]


@pytest.mark.parametrize("sender", ["12345", "TWILIO", "+62", "whatsapp:abc"])
def test_who_has_no_number_is_stored_and_not_put_on_the_list(shop: Shop, provider: Provider, sender: str) -> None:
    assert provider.twilio_text("STOP", sender).status_code == 200
    assert len(texts(shop)) == 1
    assert listed(shop) == []


# One line, by whichever of its spellings and of a customer's numbers.

LINES = (
    ("(31) 98888-7777", "BR", "+553188887777"),
    ("+55 31 8888-7777", "BR", "+5531988887777"),
    ("55 1234 5678", "MX", "+5215512345678"),
    ("+52 1 55 1234 5678", "MX", "+525512345678"),
    ("11 4567 8901", "AR", "+5491145678901"),
    ("+54 9 11 4567 8901", "AR", "+541145678901"),
)
"""What staff type, the region, and how the provider spells the number."""


def test_a_line_with_two_spellings_is_one(shop: Shop, provider: Provider) -> None:
    for place, (typed, region, told) in enumerate(LINES):
        shop.set(phone_region=region)
        ana = shop.customer(f"Ana {place}", typed)
        pending = shop.schedule(ana, in_=3600)
        windowed = shop.schedule(ana, in_=3600, channel=WHATSAPP)

        provider.twilio_text("Is it ready?", f"whatsapp:{told}", f"SM{place}a")
        assert "Is it ready?" in shop.browser().get(f"/customers/{ana}").text, told
        assert verdict(shop, windowed) == "goes", told

        provider.twilio_text("STOP", told, f"SM{place}b")
        assert shop.status(pending) is Status.SUPPRESSED, told
        assert "Opted out" in shop.browser().get(f"/customers/{ana}").text
        assert "Ana" in shop.browser().get("/settings/opt-outs").text
        assert stopped_by_the_gate(shop, windowed), told

        provider.twilio_text("START", told, f"SM{place}c")
        assert listed(shop) == [], told
        with shop.inside():
            delete_customer(ana)
        assert texts(shop) == [], told


def test_a_further_number_of_a_customer_is_theirs(shop: Shop, provider: Provider) -> None:
    shop.set(phone_region="BR")
    ana = shop.customer("Ana", "(11) 98888-0000")
    keep_number(shop, ana, "+5531988887777")
    pending = shop.schedule(ana, in_=3600)

    provider.twilio_text("Hello", "+553188887777", "SM1")
    assert "Hello" in shop.browser().get(f"/customers/{ana}").text

    provider.twilio_text("STOP", "+553188887777", "SM2")
    assert shop.status(pending) is Status.SUPPRESSED
    assert "Opted out" in shop.browser().get(f"/customers/{ana}").text


def test_a_further_number_that_is_somebodys_main_one_is_that_persons(shop: Shop, provider: Provider) -> None:
    ana, budi = shop.customer("Ana", "0812 0000 1111"), shop.customer("Budi")
    keep_number(shop, ana, E164)
    hers, his = shop.schedule(ana, in_=3600), shop.schedule(budi, in_=3600)

    provider.twilio_text("STOP", E164)

    assert (shop.status(hers), shop.status(his)) == (Status.SCHEDULED, Status.SUPPRESSED)
    assert verdict(shop, hers) == "goes"
    assert "Opted out" not in shop.browser().get(f"/customers/{ana}").text


def test_who_has_no_number_is_known_by_an_earlier_text(shop: Shop) -> None:
    pending = shop.schedule(shop.customer(), in_=3600)
    with_number = Incoming("whatsapp_cloud", "w1", WHATSAPP, E164, "", "Hello", sender_id="ID.123")
    receive(shop, with_number)
    receive(shop, Incoming("whatsapp_cloud", "w2", WHATSAPP, "", "", "STOP", sender_id="ID.123"))
    receive(shop, Incoming("whatsapp_cloud", "w3", WHATSAPP, "", "", "STOP", sender_id="ID.999"))

    assert shop.status(pending) is Status.SUPPRESSED
    assert listed(shop) == [E164]


def test_what_the_provider_knows_of_an_opt_out_counts(shop: Shop) -> None:
    pending = shop.schedule(shop.customer(), in_=3600)
    receive(shop, Incoming("twilio", "t1", SMS, E164, "", "SUDAHI", effect=Effect.STOP))
    assert shop.status(pending) is Status.SUPPRESSED
    receive(shop, Incoming("twilio", "t2", SMS, E164, "", "LANJUT", effect=Effect.START))
    assert listed(shop) == []


def receive(shop: Shop, text: Incoming) -> None:
    with shop.app.app_context():
        inbound.receive(shop.id, [text])


def keep_number(shop: Shop, customer_id: int, number: str) -> None:
    """Let a customer have come with a further number."""
    with shop.inside(), transaction() as session:
        session.add(CustomerKey(customer_id=customer_id, kind="phone", value=number))


def stopped_by_the_gate(shop: Shop, message_id: int) -> bool:
    """Say whether the gate stops a message though nothing stopped it before."""
    shop.look_now(message_id, status="scheduled")
    with shop.inside(), transaction():
        message = db.session.get_one(Message, message_id)
        batch = Batch(lock_customers([message.customer_id]))
        found = batch.judge(message)
    return isinstance(found, Stop) and found.status is Status.SUPPRESSED


# What may mean STOP.


def test_what_may_mean_stop_holds_what_is_pending_and_what_comes_later(shop: Shop, provider: Provider) -> None:
    sari = shop.customer()
    pending, other = shop.schedule(sari, in_=3600), shop.schedule(shop.customer("Budi", "0812 0000 1111"), in_=3600)

    provider.twilio_text("Please stop", E164)

    assert (shop.status(pending), shop.status(other)) == (Status.HELD, Status.SCHEDULED)
    assert "“Please stop”. Choose Opt out or Go on" in shop.message(pending).reason
    assert (listed(shop), texts(shop)) == ([], [(E164, "Please stop", "ask")])

    shop.look_now(pending, send_at=clock.utcnow())
    later = shop.schedule(sari)
    shop.work()
    assert [shop.status(id_) for id_ in (pending, later)] == [Status.HELD] * 2
    assert shop.attempts(pending) == []

    provider.twilio_text("STOP", E164, "SM2")
    assert [shop.status(id_) for id_ in (pending, later)] == [Status.SUPPRESSED] * 2


@pytest.mark.parametrize("body", ["Can I stop by at five?", "bus stop?", "Don't stop", "yes please"])
def test_what_says_something_else_holds_nothing(shop: Shop, provider: Provider, body: str) -> None:
    pending = shop.schedule(shop.customer(), in_=3600)
    provider.twilio_text(body, E164)
    assert (shop.status(pending), texts(shop)) == (Status.SCHEDULED, [(E164, body, "")])


# Stored once, whoever brings it.


def test_the_same_text_again_is_one_text(shop: Shop, provider: Provider) -> None:
    assert [provider.twilio_text("Hello", E164).status_code for _ in range(3)] == [200] * 3
    assert texts(shop) == [(E164, "Hello", "")]


def test_a_forged_text_is_refused_and_not_stored(shop: Shop, provider: Provider) -> None:
    assert provider.twilio_text("STOP", E164, token="x").status_code == 403
    assert provider.meta_text("STOP", E164, secret="x").status_code == 403
    assert (texts(shop), listed(shop)) == ([], [])


def test_a_text_to_a_number_that_nobody_sends_from_is_nobodys(shop: Shop, provider: Provider) -> None:
    use_gateways(shop, sms_gateway="manual", whatsapp_gateway="manual")
    assert provider.twilio_text("STOP", E164).status_code == 404
    assert provider.meta_text("STOP", E164).status_code == 200
    assert (texts(shop), listed(shop)) == ([], [])


@pytest.mark.parametrize("form", [{}, {"From": E164, "To": "+6221500100"}, {"MessageSid": "S", "To": "+6221500100"}])
def test_a_text_without_its_parts_is_refused(shop: Shop, provider: Provider, form: dict[str, str]) -> None:
    assert provider.twilio("/webhooks/twilio/inbound", form).status_code in (400, 404)
    assert texts(shop) == []


def test_odd_texts_are_stored_as_people_can_read_them(shop: Shop, provider: Provider) -> None:
    sari = shop.customer()
    odd = "<script>alert(1)</script>\x00 \u202e%00 \U0001f600 " + "x" * 20_000
    assert provider.twilio_text(odd, E164).status_code == 200
    page = shop.browser().get(f"/customers/{sari}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_what_the_process_did_not_do_the_worker_does(
    shop: Shop, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(inbound, "_apply", broken)
        assert provider.twilio_text("STOP", E164).status_code == 200
    assert listed(shop) == []

    past = clock.utcnow() - dt.timedelta(seconds=1)
    with shop.inside(), transaction() as session:
        session.execute(sa.update(DueWork).where(DueWork.kind == inbound.KIND).values(due_at=past))
    with provider.app.app_context():
        jobs.apply_reports()
        assert not jobs.apply_reports()

    assert listed(shop) == [E164]


def broken(id_: int) -> None:
    raise RuntimeError("the process died here")


# The customer's page.


def test_it_stands_among_the_messages_of_everyone_with_the_number(
    shop: Shop, stranger: Shop, provider: Provider
) -> None:
    sari, budi = shop.customer(), shop.customer(name="Budi")
    wati = shop.customer(name="Wati", phone="0812-0000-1111")
    provider.twilio_text("Is my cake ready?", E164)

    pages = {id_: shop.browser().get(f"/customers/{id_}").text for id_ in (sari, budi, wati)}
    assert ["Is my cake ready?" in pages[id_] for id_ in (sari, budi, wati)] == [True, True, False]
    assert "Received" in pages[sari]
    assert shop.events(sari)[-1][0] == "message.received"
    assert "Is my cake" not in stranger.browser().get(f"/customers/{stranger.customer()}").text


def test_it_goes_with_the_last_customer_who_has_the_number(shop: Shop, provider: Provider) -> None:
    sari, budi = shop.customer(), shop.customer(name="Budi")
    provider.twilio_text("STOP", E164)
    with shop.inside():
        delete_customer(sari)
    assert len(texts(shop)) == 1
    with shop.inside():
        delete_customer(budi)
    assert texts(shop) == []
    assert listed(shop) == [E164]


def test_a_further_number_goes_with_the_last_who_has_it_but_a_main_one_with_its_own(
    shop: Shop, provider: Provider
) -> None:
    office, spelt = "+5531988887777", "+553188887777"
    sari, budi = shop.customer(), shop.customer("Budi", "0812-0000-1111")
    keep_number(shop, sari, office)
    keep_number(shop, budi, spelt)
    keep_number(shop, budi, E164)
    pending = shop.schedule(budi, in_=3600)
    provider.twilio_text("Please stop texting me", office, "SM1")
    provider.twilio_text("Hello", E164, "SM2")
    with shop.inside():
        delete_customer(sari)
    assert [body for _, body, _ in texts(shop)] == ["Please stop texting me"]
    assert shop.status(pending) is Status.HELD
    shop.look_now(pending)
    shop.work()
    assert shop.status(pending) is Status.HELD
    with shop.inside():
        delete_customer(budi)
    assert texts(shop) == []


@pytest.mark.parametrize(
    ("part", "body", "what"),
    [
        ({"type": "text", "text": {"body": "Hello"}}, "Hello", ""),
        ({"type": "image", "image": {"id": "1", "caption": "My cake"}}, "My cake", "a picture"),
        ({"type": "image", "image": {"id": "1"}}, "", "a picture"),
        ({"type": "button", "button": {"text": "Yes, come", "payload": "y"}}, "Yes, come", ""),
        (
            {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"title": "Later"}}},
            "Later",
            "",
        ),
        ({"type": "revoke", "revoke": {"original_message_id": "wamid.0"}}, "", "took a text back"),
        ({}, "", "a message of another kind"),
    ],
)
def test_what_people_send_by_whatsapp_is_read(
    shop: Shop, provider: Provider, part: dict[str, object], body: str, what: str
) -> None:
    use_gateways(shop, whatsapp_gateway="whatsapp_cloud")
    pending = shop.schedule(shop.customer(), in_=3600)
    assert meta(provider, part).status_code == 200
    assert texts(shop) == [(E164, body, "")]
    assert what_came(shop) == what
    assert shop.status(pending) is Status.SCHEDULED


@pytest.mark.parametrize("kind", ["revoke", "stop", "cancel", "end", "quit", "optout"])
def test_our_words_for_what_came_opt_nobody_out(shop: Shop, provider: Provider, kind: str) -> None:
    use_gateways(shop, whatsapp_gateway="whatsapp_cloud")
    pending = shop.schedule(shop.customer(), in_=3600)
    assert meta(provider, {"type": kind, kind: {"id": "1"}}).status_code == 200
    assert (listed(shop), shop.status(pending)) == ([], Status.SCHEDULED)


def meta(provider: Provider, part: dict[str, object]) -> TestResponse:
    """Send what a customer did in WhatsApp."""
    one = {"from": E164.lstrip("+"), "id": "wamid.1", "timestamp": str(int(clock.utcnow().timestamp())), **part}
    return provider.meta({"metadata": {"phone_number_id": "106540352242922"}, "messages": [one]})


def what_came(shop: Shop) -> str:
    with shop.inside():
        return db.session.scalars(sa.select(InboundMessage.what)).one()


# WhatsApp's window.


@pytest.mark.parametrize("gateway", ["twilio", "whatsapp_cloud"])
def test_whatsapp_is_sent_within_a_day_after_the_customer_wrote_and_not_later(
    shop: Shop, provider: Provider, gateway: str
) -> None:
    use_gateways(shop, whatsapp_gateway=gateway)
    id_ = shop.schedule(shop.customer(), in_=3600, channel=WHATSAPP)
    by_sms = shop.schedule(shop.customer(name="Budi"), in_=3600)
    assert "has not written on WhatsApp yet" in verdict(shop, id_)
    assert verdict(shop, by_sms) == "goes"

    wrote = int((clock.utcnow() - dt.timedelta(hours=23, minutes=59)).timestamp())
    use_gateways(shop, whatsapp_gateway="whatsapp_cloud")
    provider.meta_text("Hello", E164, at=wrote)
    use_gateways(shop, whatsapp_gateway=gateway)
    assert verdict(shop, id_) == "goes"
    assert "in the last 24 hours" in verdict(shop, id_, later=dt.timedelta(minutes=2))


def test_a_text_that_comes_days_late_opens_no_window(shop: Shop, provider: Provider) -> None:
    use_gateways(shop, whatsapp_gateway="whatsapp_cloud")
    id_ = shop.schedule(shop.customer(), in_=3600, channel=WHATSAPP)
    provider.meta_text("Hello", E164, at=int((clock.utcnow() - dt.timedelta(days=2)).timestamp()))
    assert "in the last 24 hours" in verdict(shop, id_)


@pytest.mark.parametrize("kind", ["reaction", "revoke", "system", "request_welcome"])
def test_what_is_no_message_of_the_customer_opens_no_window(shop: Shop, provider: Provider, kind: str) -> None:
    use_gateways(shop, whatsapp_gateway="whatsapp_cloud")
    id_ = shop.schedule(shop.customer(), in_=3600, channel=WHATSAPP)
    meta(provider, {"type": kind, kind: {"body": "Sari changed the number", "emoji": "👍"}})
    assert "has not written" in verdict(shop, id_)
    meta(provider, {"type": "text", "text": {"body": "Hello"}, "id": "wamid.2"})
    assert verdict(shop, id_) == "goes"


def test_an_approved_template_needs_no_window(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer(), in_=3600, channel=WHATSAPP)
    shop.look_now(id_, template={"name": "order_ready", "language": "id", "parameters": ["Sari"]})
    assert verdict(shop, id_) == "goes"


@pytest.mark.parametrize("gateway", ["manual", "console"])
def test_what_does_not_go_by_a_provider_needs_no_window(shop: Shop, app: Flask, gateway: str) -> None:
    use_gateways(shop, whatsapp_gateway=gateway)
    assert verdict(shop, shop.schedule(shop.customer(), in_=3600, channel=WHATSAPP)) == "goes"


def verdict(shop: Shop, message_id: int, later: dt.timedelta = dt.timedelta()) -> str:
    """Return what the gate says to a message that is due by now: that it goes, or why it fails."""
    with shop.inside(), transaction():
        message = db.session.get_one(Message, message_id)
        batch = Batch(lock_customers([message.customer_id]))
        customer = batch.customers[message.customer_id]
        found = check_policy(message, customer, batch.organization, batch.facts(PHONES), batch.now + later)
        if isinstance(found, Stop):
            assert found.status is Status.FAILED
            return found.reason
        assert isinstance(found, Go)
        return "goes"
