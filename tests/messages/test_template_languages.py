"""Messages are in the customer's language where a template has it, whatever the clerk reads."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.accounts.models import User
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.message_templates.queries import templates
from crm.message_templates.services import add_template
from crm.messages.models import Message
from tests.messages.shop import Shop
from tests.messages.test_recurring import DAY, time_passes, work

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

BODY = "Hi {name}: {points} points, {amount}, {last_order}"
BODIES = {"": BODY, "id": f"Halo! {BODY}", "ur": f"سلام! {BODY}"}
URDU = "سلام! Hi Sari: 1,250 points, Rs 1,500, منگل 24 نومبر 2026"


def make(shop: Shop, *languages: str, **values: Any) -> dict[str, int]:
    with shop.inside():
        found = {"name": "Cake", "channel": "sms", **values}
        return {code: add_template(found | {"language": code, "body": BODIES[code]}) for code in languages}


def speaking(shop: Shop, language: str) -> int:
    """Make a customer who speaks a language, in a shop of Pakistan whose owner reads Indonesian."""
    shop.set(currency="PKR", locale="en_GB", time_zone="Asia/Karachi", phone_region="PK")
    customer_id = shop.customer("Sari", "+6281234567890")
    with shop.inside(), transaction() as session:
        session.execute(sa.update(User).values(language="id"))
        session.execute(
            sa.update(Customer).values(
                language=language,
                loyalty_points=1250,
                total_spent=150_000,
                total_orders=1,
                last_order_at=sa.literal("2026-11-24 07:00:00"),
            )
        )
    return customer_id


def offered(browser: FlaskClient, customer_id: int) -> list[str]:
    page = browser.get(f"/customers/{customer_id}/messages/new").text
    select = re.search(r'<select[^>]*name="template".*?</select>', page, re.S)
    assert select
    return re.findall(r'value="(\d+)"', select[0])


def schedule(browser: FlaskClient, customer_id: int, **fields: Any) -> None:
    answer = browser.post(f"/customers/{customer_id}/messages/new", data={"channel": "sms", "in_days": "1", **fields})
    assert answer.status_code == 303, answer.text


def bodies(shop: Shop) -> list[str]:
    with shop.inside():
        return list(db.session.scalars(sa.select(Message.body).order_by(Message.id)))


def test_an_urdu_customer_gets_the_urdu_version_of_a_clerk_who_reads_indonesian(shop: Shop, owner: FlaskClient) -> None:
    made, sari = make(shop, "", "id", "ur"), speaking(shop, "ur")
    assert 'lang="id"' in owner.get("/").text
    assert offered(owner, sari) == [str(made["ur"])], "one entry for all versions"
    form = owner.post(
        f"/customers/{sari}/messages/new", data={"template": made["id"], "use_template": "1", "in_days": "1"}
    ).text
    assert unescape(form).count("سلام! Hi Sari: 1,250 points") == 1
    schedule(owner, sari, template=made["ur"], repeat="daily")
    time_passes(shop, DAY)
    work(shop)
    assert bodies(shop)[-1].replace("\xa0", " ").replace("\u200f", "") == URDU
    assert len(bodies(shop)) == 2


def test_a_series_follows_the_language_of_its_customer(shop: Shop, owner: FlaskClient) -> None:
    made, sari = make(shop, "", "ur"), speaking(shop, "")
    schedule(owner, sari, template=made[""], repeat="daily")
    with shop.inside(), transaction() as session:
        session.execute(sa.update(Customer).values(language="ur"))
    time_passes(shop, DAY)
    work(shop)
    before, after = bodies(shop)
    assert before.startswith("Hi Sari")
    assert after.startswith("سلام! Hi Sari")


@pytest.mark.parametrize(
    ("languages", "customers", "organizations", "wanted"),
    [
        (("", "id"), "ur", "auto", ""),
        (("id", "ur"), "", "id", "id"),
        (("", "id"), "", "id", "id"),
        (("ur",), "id", "auto", "ur"),
    ],
)
def test_without_a_version_of_theirs_it_is_the_usual_one(
    shop: Shop, owner: FlaskClient, languages: tuple[str, ...], customers: str, organizations: str, wanted: str
) -> None:
    made, sari = make(shop, *languages), speaking(shop, customers)
    shop.set(language=organizations)
    assert offered(owner, sari) == [str(made[wanted])]


def test_a_template_has_one_version_in_each_language(shop: Shop, owner: FlaskClient) -> None:
    first = {"name": "Cake", "channel": "sms", "body": "Hi {name}"}
    assert owner.post("/settings/templates", data=first).status_code == 303
    with shop.inside():
        (template,) = templates()
    window = owner.get(f"/settings/templates/new?version_of={template.id}").text
    assert 'value="Cake"' in window
    assert '<option selected value="en">' in window
    assert "Hi {name}" in window
    assert owner.post("/settings/templates", data=first | {"language": "ur"}).status_code == 303
    again = owner.post("/settings/templates", data=first | {"language": "ur"})
    assert again.status_code == 422
    assert "There is already a template called Cake in this language." in again.text
    assert "اردو" in owner.get("/settings/templates").text


def test_the_code_at_whatsapp_is_of_the_same_language(shop: Shop, owner: FlaskClient) -> None:
    order = {"name": "Order", "channel": "whatsapp", "body": "Hi {name}", "approved_name": "order", "language": "en"}
    refused = owner.post("/settings/templates", data=order | {"language_code": "id"})
    assert "This code is of another language than the template." in refused.text
    assert owner.post("/settings/templates", data=order | {"language_code": "en_US"}).status_code == 303
    with shop.inside():
        (template,) = templates()
        assert template.approved is not None
        assert template.approved.language == "en_US"
    form = owner.get(f"/settings/templates/{template.id}/edit").text
    assert '<option selected value="en">' in form
    assert 'value="en_US"' in form
