"""Marketing by WhatsApp: templates of its category, its refusals and limits, by a provider that checks what it gets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.campaigns.rules import State
from crm.customers.models import Customer
from crm.customers.rules import Consent, MessagePurpose
from crm.delivery.deliver import deliver_batch
from crm.delivery.models import ReachedUser
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.message_templates.models import Template
from crm.messages import services
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Attempt, Message
from crm.messages.rules import ApprovedTemplate, Status, TemplateCategory
from crm.values import clock
from tests.campaigns.shop import Shop
from tests.factories import Cast, make_template
from tests.messages.provider import Provider as Meta
from tests.messages.provider import metadata
from tests.providers.fake import ACCESS, Provider, meta_error, provider, taken_by_meta

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOUR = dt.timedelta(hours=1)
SENTENCE = "WhatsApp takes marketing only as a template that it approved as marketing."


@pytest.fixture
def fake() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture
def meta(app: Flask, fake: Provider) -> Meta:
    """Meta: what we call, and what calls us."""
    found = Meta(app)
    app.config.update(WHATSAPP_TOKEN=ACCESS, WHATSAPP_API_BASE=fake.url)
    return found


@pytest.fixture
def shop(cast: Cast, meta: Meta) -> Shop:
    """A shop that writes by WhatsApp's own interface."""
    shop = Shop(cast)
    shop.set(whatsapp_gateway="whatsapp_cloud")
    return shop


def people(shop: Shop, number: int) -> list[int]:
    return [shop.customer(marketing_whatsapp=Consent.GIVEN) for _ in range(number)]


def approved(shop: Shop, category: str = "marketing", **values: Any) -> int:
    given = {"channel": "whatsapp", "body": "Hi {name}, cake week!", "approved_name": "cake_week", "language": "en"}
    with shop.owner.acting():
        return make_template(**given | {"category": TemplateCategory(category), "parameters": ["{name}"]} | values)


def campaign(shop: Shop, template: int, **fields: str) -> int:
    return shop.campaign(channel="whatsapp", template=str(template), **fields)


def started(shop: Shop, number: int) -> int:
    """Let a campaign go to so many customers, up to its messages."""
    people(shop, number)
    id_ = campaign(shop, approved(shop))
    assert shop.say(id_, "schedule") == 303
    shop.turns(2)
    return id_


def hasten(shop: Shop) -> None:
    """Let the worker look at all messages now."""
    with shop.owner.acting():
        shop._hasten("message")


def hours_pass(shop: Shop, hours: float) -> None:
    """Let all that happened, and all that is planned, be so many hours earlier."""
    ago = dt.timedelta(hours=hours)
    with shop.owner.acting(), transaction() as session:
        for row in session.scalars(sa.select(Message)):
            row.send_at, row.status_at = row.send_at - ago, row.status_at - ago
        for reached in session.scalars(sa.select(ReachedUser)):
            reached.created_at -= ago
    hasten(shop)


def moments(shop: Shop) -> list[float]:
    """Return in how many hours each message is to go out."""
    return [round((row.send_at - clock.utcnow()) / HOUR) for row in shop.messages()]


def code(shop: Shop, message: int) -> int:
    with shop.owner.acting():
        return db.session.scalars(sa.select(Attempt.id).where(Attempt.message_id == message)).all()[-1]


# Categories.


@pytest.mark.parametrize("category", ["", "utility", "authentication"])
def test_a_campaign_is_refused_without_a_template_for_marketing(shop: Shop, fake: Provider, category: str) -> None:
    people(shop, 1)
    template = approved(shop, category)
    id_ = campaign(shop, template)
    answer = shop.client.post(f"/campaigns/{id_}/schedule")
    assert answer.status_code == 422
    assert SENTENCE in answer.text
    assert "cake_week" in answer.text
    assert shop.row(id_).state is State.DRAFT

    shop.change(Template, template, category=TemplateCategory.MARKETING)
    assert shop.say(id_, "schedule") == 303
    shop.work()
    (request,) = fake.sent
    assert (request.body, request.fields["template"]["language"], fake.broken) == ("cake_week", {"code": "en"}, [])
    assert len(request.fields["template"]["components"][0]["parameters"]) == 1


@SQLITE
def test_every_language_of_the_template_has_to_be_for_marketing(shop: Shop) -> None:
    people(shop, 1)
    template = approved(shop, name="Cake")
    approved(shop, "utility", name="Cake", language="id", approved_name="minggu_kue")
    id_ = campaign(shop, template)
    answer = shop.client.post(f"/campaigns/{id_}/schedule")
    assert (answer.status_code, "minggu_kue" in answer.text) == (422, True)


def test_the_send_policy_asks_again(shop: Shop, fake: Provider) -> None:
    id_ = started(shop, 1)
    with shop.owner.acting(), transaction() as session:
        session.execute(sa.update(Template).values(category=TemplateCategory.UTILITY))
    shop.work()
    (message,) = shop.messages()
    assert message.status is Status.FAILED
    assert message.reason.startswith(SENTENCE)
    assert (fake.sent, shop.sums(id_)) == ([], {"failed": 1})


def test_marketing_in_free_words_is_refused_at_once(shop: Shop) -> None:
    (sari,) = people(shop, 1)
    given = {"channel": "whatsapp", "body": "Cake week!", "send_at": clock.utcnow().isoformat()}
    headers = shop.owner.token()
    path = f"/api/customers/{sari}/messages/"
    refused = shop.owner.app.test_client().post(path, json=given | {"purpose": "marketing"}, headers=headers)
    assert (refused.status_code, refused.json["error"]) == (400, SENTENCE)
    assert shop.owner.app.test_client().post(path, json=given, headers=headers).status_code == 201


@SQLITE
def test_staff_enter_the_category_beside_the_name(shop: Shop) -> None:
    form = {"name": "Cake", "channel": "whatsapp", "body": "Cake week!", "approved_name": "cake", "language": "en"}
    assert shop.client.post("/settings/templates", data=form | {"category": "fun"}).status_code == 422
    assert shop.client.post("/settings/templates", data=form | {"category": "marketing"}).status_code == 303
    listed = shop.owner.app.test_client().get("/api/message-templates/", headers=shop.owner.token()).json["results"]
    assert [row["category"] for row in listed] == ["marketing"]
    page = shop.client.get(f"/settings/templates/{listed[0]['id']}/edit").text
    assert 'selected value="marketing"' in page


# Refusals.


def test_a_paused_template_pauses_the_campaign(shop: Shop, fake: Provider) -> None:
    id_ = started(shop, 2)
    fake.says = lambda request: meta_error(400, 132015)
    with shop.owner.app.app_context():
        deliver_batch(shop.owner.organization_id, 1)
    shop.turns(1)
    assert shop.row(id_).state is State.PAUSED
    assert "WhatsApp paused the template." in shop.client.get(f"/campaigns/{id_}").text
    shop.deliver()
    assert len(fake.sent) == 1, "the other one waits"


def test_who_stopped_offers_at_whatsapp_gets_no_more_and_is_not_asked_again(shop: Shop, fake: Provider) -> None:
    id_ = started(shop, 2)
    stopped = shop.messages()[0]
    with shop.owner.acting():
        number = db.session.get_one(Customer, stopped.customer_id).phone.lstrip("+")
    fake.says = lambda request: meta_error(400, 131050) if request.to == number else taken_by_meta(len(fake.sent))
    shop.work()
    assert shop.sums(id_) == {"handed_over": 1, "skipped": 1, "skipped:withdrawn": 1}
    with shop.owner.acting():
        row = db.session.get_one(Customer, stopped.customer_id)
        assert (row.marketing_whatsapp, row.marketing_sms) == (Consent.WITHDRAWN, Consent.GIVEN)
    hours_pass(shop, 25)
    shop.work()
    assert len(fake.sent) == 2


def test_a_switch_in_whatsapp_withdraws_and_gives_again(shop: Shop, meta: Meta) -> None:
    (sari,) = people(shop, 1)

    def said(value: str, at: int) -> Consent:
        with shop.owner.acting():
            number = db.session.get_one(Customer, sari).phone.lstrip("+")
        one = {"wa_id": number, "category": "marketing_messages", "value": value, "timestamp": at}
        change = {"metadata": metadata(), "contacts": [{"wa_id": number}], "user_preferences": [one]}
        assert meta.meta(change, field="user_preferences").status_code == 200
        with shop.owner.acting():
            return db.session.get_one(Customer, sari).marketing_whatsapp

    assert said("stop", 1_700_000_000) is Consent.WITHDRAWN
    assert said("resume", 1_700_000_060) is Consent.GIVEN


def test_who_had_enough_is_asked_again_a_day_and_three_days_later(shop: Shop, fake: Provider) -> None:
    id_ = started(shop, 1)
    fake.says = lambda request: meta_error(400, 131049)
    for hours in (24, 72):
        shop.work()
        (message,) = shop.messages()
        assert message.status is Status.RETRY_WAIT
        assert message.reason.startswith("WhatsApp limits how much marketing")
        assert (moments(shop), shop.sums(id_)) == ([hours], {"sending": 1})
        hours_pass(shop, hours)
    shop.work()
    assert (shop.messages()[0].status, len(fake.sent)) == (Status.FAILED, 3)
    assert "WhatsApp limits how much marketing" in shop.messages()[0].reason
    hours_pass(shop, 100)
    shop.work()
    assert (len(fake.sent), shop.row(id_).state, shop.sums(id_)) == (3, State.DONE, {"failed": 1})


def test_a_report_that_they_had_enough_lets_a_campaign_go_on(shop: Shop, fake: Provider, meta: Meta) -> None:
    id_ = started(shop, 1)
    shop.work()
    assert shop.row(id_).state is State.DONE
    (message,) = shop.messages()
    meta.meta_status(code(shop, message.id), "failed", 131049)
    assert (moments(shop), shop.row(id_).state, shop.sums(id_)) == ([24], State.SENDING, {"sending": 1})
    shop.work()
    assert len(fake.sent) == 1
    hours_pass(shop, 24)
    shop.work()
    assert (len(fake.sent), shop.row(id_).state, shop.sums(id_)) == (2, State.DONE, {"handed_over": 1})
    meta.meta_status(code(shop, message.id), "delivered")
    assert shop.sums(id_) == {"delivered": 1}


@SQLITE
def test_a_text_of_today_is_not_sent_days_later(shop: Shop, fake: Provider) -> None:
    people(shop, 1)
    id_ = campaign(shop, approved(shop, body="Cake week begins today, {name}!"))
    shop.say(id_, "schedule")
    fake.says = lambda request: meta_error(400, 131049)
    shop.work()
    assert (shop.messages()[0].status, len(fake.sent)) == (Status.FAILED, 1)


def test_pauses_between_two_numbers_grow_fourfold(shop: Shop, fake: Provider) -> None:
    started(shop, 1)
    fake.says = lambda request: meta_error(400, 131056)
    for pause in (4, 16, 64, 256):
        before = clock.utcnow()
        hasten(shop)
        shop.deliver()
        (message,) = shop.messages()
        assert message.status is Status.RETRY_WAIT
        with shop.owner.acting():
            due_at = db.session.get_one(DueWork, ("message", message.id)).due_at
        assert dt.timedelta(seconds=pause - 1) < due_at - before < dt.timedelta(seconds=pause + 30)


# The portfolio's limit.


def reached(shop: Shop, number: int, hours_ago: float = 1) -> None:
    at = clock.utcnow() - dt.timedelta(hours=hours_ago)
    with shop.owner.acting(), transaction() as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(ReachedUser)) or 0
        for each in range(number):
            session.add(ReachedUser(channel=WHATSAPP, user_key=f"stranger {before + each}", created_at=at))


def test_offers_stop_at_nine_tenths_of_the_limit_and_go_on_by_themselves(shop: Shop, fake: Provider) -> None:
    reached(shop, 223, hours_ago=23)
    id_ = started(shop, 5)
    shop.deliver()
    assert (len(fake.sent), shop.sums(id_)) == (2, {"handed_over": 2, "waiting": 3})
    page = shop.client.get(f"/campaigns/{id_}").text
    assert "3 messages wait" in page
    assert "WhatsApp lets you write to 250 people in 24 hours" in page
    held = [row for row in shop.messages() if row.status is Status.HELD]
    assert all(row.send_at > clock.utcnow() for row in held), "they don't expire while they wait"
    hours_pass(shop, 2)
    shop.work()
    assert (len(fake.sent), shop.row(id_).state, shop.sums(id_)) == (5, State.DONE, {"handed_over": 5})
    assert len({request.to for request in fake.sent}) == 5


def test_reminders_and_answers_are_never_held(shop: Shop, fake: Provider) -> None:
    reached(shop, 225)
    first, answered, again = people(shop, 3)
    with shop.owner.acting(), transaction() as session:
        number = session.get_one(Customer, answered).phone
        session.add(
            InboundMessage(
                gateway="whatsapp_cloud",
                provider_id="wamid.in",
                channel=WHATSAPP,
                sender=number,
                recipient="",
                body="Hello",
                sent_at=clock.utcnow(),
                opens_window=True,
            )
        )
    utility = ApprovedTemplate("order_ready", "en", category=TemplateCategory.UTILITY)
    offer = ApprovedTemplate("cake_week", "en", category=TemplateCategory.MARKETING)
    with shop.owner.acting():
        for customer, template, purpose in (
            (first, utility, MessagePurpose.SERVICE),
            (answered, None, MessagePurpose.SERVICE),
            (again, offer, MessagePurpose.MARKETING),
            (first, offer, MessagePurpose.MARKETING),
        ):
            services.schedule_message(customer, WHATSAPP, "Ready.", clock.utcnow(), template=template, purpose=purpose)
    hasten(shop)
    shop.deliver()
    statuses = {(row.customer_id, row.purpose.value): row.status.value for row in shop.messages()}
    assert statuses == {
        (first, "service"): "accepted",
        (answered, "service"): "accepted",
        (again, "marketing"): "held",
        (first, "marketing"): "accepted",
    }, "who was written to today is not one more"
    with shop.owner.acting():
        count = sa.select(sa.func.count()).select_from(ReachedUser)
        assert db.session.scalar(count) == 226, "an answer is no conversation of ours"


@SQLITE
def test_without_a_limit_all_go(shop: Shop, fake: Provider) -> None:
    assert shop.client.post("/settings/messaging", data={"whatsapp_limit": "unlimited"}).status_code == 303
    assert shop.client.post("/settings/messaging", data={"whatsapp_limit": "500"}).status_code == 422
    assert 'value="unlimited"' in shop.client.get("/settings/messaging").text
    reached(shop, 300)
    id_ = started(shop, 3)
    shop.work()
    assert (len(fake.sent), shop.sums(id_)) == (3, {"handed_over": 3})


def test_a_draft_says_how_many_days_it_takes(shop: Shop) -> None:
    people(shop, 1)
    with shop.owner.acting(), transaction() as session:
        columns = {"name": "Many", "name_key": "many", "phone_valid": True, "marketing_whatsapp": Consent.GIVEN}
        session.add_all(Customer(**columns, phone=f"+6281300{number:05}") for number in range(500))
    id_ = campaign(shop, approved(shop))
    assert "so this takes about 3 days" in shop.client.get(f"/campaigns/{id_}").text


def test_four_workers_together_keep_to_the_limit(shop: Shop, fake: Provider) -> None:
    reached(shop, 205)
    id_ = started(shop, 80)
    app, organization = shop.owner.app, shop.owner.organization_id

    def deliver(_worker: int) -> None:
        with app.app_context():
            while deliver_batch(organization, 7):
                pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, range(4)))
    assert len(fake.sent) == len({request.to for request in fake.sent}) == 20
    assert shop.sums(id_) == {"handed_over": 20, "waiting": 60}
