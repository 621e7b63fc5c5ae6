"""What messages, series and templates are for: marketing takes consent and keeps to the cap."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.automations import services as automations
from crm.automations.granting import give
from crm.automations.models import AutomationGrant
from crm.automations.rules import Occasion
from crm.customers.rules import Consent, MessagePurpose
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.message_templates.models import Template
from crm.message_templates.services import add_template
from crm.messages.models import Attempt, Message
from crm.messages.rules import TemplateCategory
from crm.series import jobs
from crm.values import clock
from tests.consents.conftest import Api
from tests.consents.test_gate import AGREED, outcome
from tests.factories import make_segment
from tests.messages.shop import Shop
from tests.messages.test_recurring import messages, series, time_passes

REFUSED = "No consent for marketing by SMS."
DAY = dt.timedelta(days=1)
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def post(browser: FlaskClient, customer: int, **fields: Any) -> Any:
    given = {"channel": "sms", "body": "Cake week!", "in_days": "1", "purpose": "marketing"}
    return browser.post(f"/customers/{customer}/messages/new", data=given | fields)


def template(shop: Shop, **values: Any) -> int:
    given = {"name": "Cake", "channel": "sms", "body": "Cake week, {name}!", "purpose": MessagePurpose.MARKETING}
    with shop.inside():
        return add_template(given | values)


def last(shop: Shop) -> Message:
    with shop.inside():
        found = db.session.scalars(sa.select(Message).order_by(Message.id.desc()).limit(1)).one()
        db.session.expunge(found)
        return found


def chosen(page: str) -> str:
    """Return the purpose that the form has chosen."""
    (found,) = re.findall(r'<input[^>]*checked[^>]*name="purpose"[^>]*value="(\w+)"', page)
    return str(found)


def test_a_message_is_about_their_business_unless_staff_say_marketing(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    assert chosen(owner.get(f"/customers/{sari}/messages/new").text) == "service"
    assert post(owner, sari, purpose="").status_code == 303
    assert last(shop).purpose is MessagePurpose.SERVICE
    assert post(owner, sari, purpose="fun").status_code == 422

    refused = post(owner, sari)
    assert (refused.status_code, REFUSED in refused.text, chosen(refused.text)) == (422, True, "marketing")
    preview = owner.post(f"/customers/{sari}/messages/preview", data={"channel": "sms", "purpose": "marketing"})
    assert REFUSED in preview.text


def test_with_consent_it_goes_as_marketing_and_says_how_it_ends(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer(**AGREED)
    body = "x" * 155
    preview = owner.post(
        f"/customers/{sari}/messages/preview", data={"channel": "sms", "purpose": "marketing", "body": body}
    ).text
    assert "It ends with" in preview
    assert "2 SMS" in preview
    assert post(owner, sari, body=body).status_code == 303
    message = last(shop)
    assert message.is_marketing
    shop.shift(message.id, 1)
    shop.work()
    with shop.inside():
        sent = db.session.scalars(sa.select(Attempt.body)).one()
    assert unescape(preview).partition("“")[2].partition("”")[0] in sent
    assert outcome(shop, message.id)[0] == "sent"


def test_a_change_keeps_the_purpose_or_says_another(shop: Shop, owner: FlaskClient, api: Api) -> None:
    sari = shop.customer(**AGREED)
    post(owner, sari)
    id_ = last(shop).id
    assert chosen(owner.get(f"/messages/{id_}/edit").text) == "marketing"
    assert api.patch(f"messages/{id_}/", body="Cake week ends!").json["purpose"] == "marketing"
    fields = {"channel": "sms", "body": "Your cake is ready.", "in_days": "1"}
    assert owner.post(f"/messages/{id_}/edit", data=fields | {"purpose": "service"}).status_code == 303
    assert last(shop).purpose is MessagePurpose.SERVICE
    with shop.inside(), transaction() as session:
        session.get_one(Message, id_).customer.marketing_sms = Consent.WITHDRAWN
    refused = owner.post(f"/messages/{id_}/edit", data=fields | {"purpose": "marketing"})
    assert (refused.status_code, REFUSED in refused.text) == (422, True)
    assert last(shop).purpose is MessagePurpose.SERVICE


def test_a_series_of_marketing_stops_with_the_consent_and_keeps_to_the_cap(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer(**AGREED)
    at = clock.utcnow() + DAY - dt.timedelta(minutes=10)
    send_at = f"{at + dt.timedelta(hours=7):%Y-%m-%dT%H:%M}"
    for body in ("Cake week!", "Bread week!"):
        assert post(owner, sari, in_days="", send_at=send_at, repeat="daily", body=body).status_code == 303
    assert [row.purpose for row in series(shop, sari)] == [MessagePurpose.MARKETING] * 2
    time_passes(shop, DAY)
    with shop.app.app_context():
        while jobs.make_due():
            pass
    found = messages(shop, sari)
    assert [row.purpose for row in found] == [MessagePurpose.MARKETING] * 4
    shop.work()
    said = sorted(outcome(shop, row.id) for row in found[:2])
    assert said == [("canceled", "Skipped: had 1 in 24 hours."), ("sent", "")]
    with shop.inside(), transaction() as session:
        session.get_one(Message, found[0].id).customer.marketing_sms = Consent.WITHDRAWN
    for row in found[2:]:
        shop.shift(row.id, 1)
    shop.work()
    assert {outcome(shop, row.id) for row in found[2:]} == {("suppressed", REFUSED)}


def test_a_template_brings_its_purpose(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer(**AGREED)
    id_ = template(shop)
    page = owner.post(
        f"/customers/{sari}/messages/new",
        data={"template": str(id_), "use_template": "1", "channel": "sms", "in_days": "1", "purpose": "service"},
    ).text
    assert chosen(page) == "marketing"
    assert post(owner, sari, template=str(id_), body="", purpose="marketing").status_code == 303
    assert last(shop).is_marketing


@only_sqlite
def test_what_whatsapp_approved_as_marketing_is_marketing(shop: Shop, owner: FlaskClient) -> None:
    form = {
        "name": "Cake",
        "channel": "whatsapp",
        "body": "Cake week!",
        "approved_name": "cake",
        "language": "en",
        "category": "marketing",
        "purpose": "service",
    }
    assert owner.post("/settings/templates", data=form).status_code == 303
    assert owner.post("/settings/templates", data=form | {"name": "Other", "purpose": "fun"}).status_code == 422
    with shop.inside():
        found = db.session.scalars(sa.select(Template)).one()
        assert (found.purpose, found.category) == (MessagePurpose.MARKETING, TemplateCategory.MARKETING)
        id_ = found.id
    sari = shop.customer()
    fields = {"channel": "whatsapp", "template": str(id_), "body": "Cake week!", "purpose": "service"}
    refused = post(owner, sari, **fields)
    assert (refused.status_code, "No consent for marketing by WhatsApp." in refused.text) == (422, True)


@pytest.mark.parametrize(("agreed", "status"), [({}, None), (AGREED, MessagePurpose.MARKETING)])
def test_an_automation_with_a_template_for_marketing_asks_for_consent(
    shop: Shop, agreed: dict[str, Any], status: MessagePurpose | None
) -> None:
    sari, id_ = shop.customer(**agreed), template(shop)
    with shop.inside():
        values = {"occasion": Occasion.BIRTHDAY, "days": 0, "points": 0, "template_id": id_, "channel": "sms"}
        give(automations.add(values), sari, "birthday:2026", clock.utcnow().date())
        grant = db.session.scalars(sa.select(AutomationGrant)).one()
        if status is None:
            assert grant.message_id is None
        else:
            assert db.session.get_one(Message, grant.message_id).purpose is status


@only_sqlite
def test_the_preview_of_a_campaign_counts_how_it_ends(shop: Shop, owner: FlaskClient) -> None:
    shop.customer(**AGREED)
    fields = {"name": "News", "channel": "sms", "body": "x" * 150}
    with shop.inside():
        segment = make_segment(query={})
    made = owner.post("/campaigns/new", data=fields | {"segment": str(segment)})
    page = owner.get(made.location).text
    assert "Each text is 2 SMS." in page
    assert re.search(r"Reply STOP for no more offers\.|No more offers: http", page)


@only_sqlite
def test_consent_is_chosen_above_the_list(shop: Shop, owner: FlaskClient) -> None:
    shop.customer("Sari", **AGREED)
    shop.customer("Budi", "+6281234567891", marketing_sms=Consent.WITHDRAWN)
    page = owner.get("/").text
    for name, value in (("marketing_sms", "withdrawn"), ("marketing_email", "not_asked"), ("reachable", "whatsapp")):
        select = page.partition(f'name="{name}"')[2].partition("</select>")[0]
        assert f'<option value="{value}"' in select, name
    found = owner.get("/?marketing_sms=withdrawn").text
    assert ("Budi" in found, 'value="withdrawn" selected' in found) == (True, True)
    assert 'href="/customers/1"' not in found


@only_sqlite
def test_the_window_says_beforehand_what_whatsapp_refuses(shop: Shop, owner: FlaskClient) -> None:
    shop.set(whatsapp_gateway="whatsapp_cloud")
    sari = shop.customer(**AGREED)
    fields = {"channel": "whatsapp", "purpose": "marketing", "body": "Cake week!"}
    sentence = "WhatsApp takes marketing only as a template that it approved as marketing."
    page = owner.post(f"/customers/{sari}/messages/preview", data=fields).text
    assert (sentence in page, "It ends with" in page) == (True, False)
    refused = post(owner, sari, **fields)
    assert (refused.status_code, sentence in refused.text) == (422, True)
