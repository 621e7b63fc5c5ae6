"""Who agreed to marketing, how that changes, and what proves it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.customers.consent_models import ConsentChange
from crm.customers.models import Customer
from crm.customers.rules import MARKETING
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from tests.consents.conftest import Api
from tests.messages.shop import E164, Shop

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def changes(shop: Shop, customer: int) -> list[tuple[str, str, str, str, str, int | None]]:
    """Return what proves the consent of a customer, the first change first."""
    with shop.inside():
        statement = sa.select(ConsentChange).where(ConsentChange.customer_id == customer).order_by(ConsentChange.id)
        return [
            (row.channel, row.purpose.value, row.state.value, row.source.value, row.address, row.created_by_id)
            for row in db.session.scalars(statement)
        ]


def states(shop: Shop, customer: int) -> list[str]:
    with shop.inside():
        row = db.session.get_one(Customer, customer)
        return [getattr(row, name).value for name in MARKETING]


def test_the_api_writes_consent_as_the_staffs(shop: Shop, api: Api) -> None:
    made = api.post("customers/", name="Sari", phone=E164, email="sari@mail.example", marketing_email="given").json
    consents = [made[name] for name in MARKETING]
    assert consents == ["not_asked", "not_asked", "given"]

    changed = api.patch(f"customers/{made['id']}/", marketing_sms="given", marketing_email="withdrawn").json
    assert [changed[name] for name in MARKETING] == ["given", "not_asked", "withdrawn"]
    assert api.patch(f"customers/{made['id']}/", marketing_sms="given").status_code == 200
    us = shop.owner_id
    assert changes(shop, made["id"]) == [
        ("email", "marketing", "given", "staff", "sari@mail.example", us),
        ("sms", "marketing", "given", "staff", E164, us),
        ("email", "marketing", "withdrawn", "staff", "sari@mail.example", us),
    ], "what was so already is no change"

    refused = api.patch(f"customers/{made['id']}/", marketing_sms="maybe")
    assert refused.status_code == 400
    assert "not_asked, given, withdrawn" in refused.json["errors"]["marketing_sms"][0]


def test_forbidding_a_channel_is_proved_too(shop: Shop, api: Api) -> None:
    made = api.post("customers/", name="Sari", phone=E164, sms_allowed=False).json
    api.patch(f"customers/{made['id']}/", sms_allowed=True)
    assert [change[:3] for change in changes(shop, made["id"])] == [
        ("sms", "service", "withdrawn"),
        ("sms", "service", "given"),
    ]


def test_staff_record_what_a_customer_says(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer(email="sari@mail.example")
    given = {"channel": "email", "purpose": "marketing", "state": "given"}
    assert owner.post(f"/customers/{sari}/consents", data=given).status_code == 303
    assert states(shop, sari) == ["not_asked", "not_asked", "given"]
    page = owner.get(f"/customers/{sari}").text
    assert "Marketing by E-mail: Given" in page
    assert "by staff" in page
    assert "sari@mail.example" in page.partition("How it changed")[2]

    fragment = owner.post(
        f"/customers/{sari}/consents", data=given | {"state": "withdrawn"}, headers={"HX-Request": "true"}
    )
    assert "Marketing by E-mail: Withdrawn" in fragment.text
    service = {"channel": "sms", "purpose": "service", "state": "withdrawn"}
    assert owner.post(f"/customers/{sari}/consents", data=service).status_code == 303
    with shop.inside():
        assert not db.session.get_one(Customer, sari).sms_allowed
    timeline = owner.get(f"/customers/{sari}/timeline").text
    assert "Marketing by e-mail: Withdrawn" in timeline


@only_sqlite
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"channel": "fax"}, "Choose SMS, WhatsApp"),
        ({"purpose": "fun"}, "Choose what the consent is for."),
        ({"state": "maybe"}, "Choose whether it is given or withdrawn."),
        ({"purpose": "service", "state": "not_asked"}, "Choose given or withdrawn."),
    ],
)
def test_a_wrong_consent_is_refused_in_words(
    shop: Shop, owner: FlaskClient, wrong: dict[str, str], sentence: str
) -> None:
    sari = shop.customer()
    data = {"channel": "sms", "purpose": "marketing", "state": "given"} | wrong
    answer = owner.post(f"/customers/{sari}/consents", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert changes(shop, sari) == []


@only_sqlite
def test_viewers_see_consent_and_change_nothing(shop: Shop) -> None:
    sari, viewer = shop.customer(), shop.browser(Role.VIEWER)
    assert "Record consent" not in viewer.get(f"/customers/{sari}").text
    assert viewer.get(f"/customers/{sari}/consents/new").status_code == 403
    given: dict[str, Any] = {"channel": "sms", "purpose": "marketing", "state": "given"}
    assert viewer.post(f"/customers/{sari}/consents", data=given).status_code == 403
    assert states(shop, sari)[0] == "not_asked"


@only_sqlite
def test_the_form_of_a_customer_keeps_consent_that_it_does_not_have(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer(email="sari@mail.example")
    fields = {"name": "Sari", "phone": E164, "email": "sari@mail.example", "sms_allowed": "y", "email_allowed": "y"}
    allowed = {**fields, "whatsapp_allowed": "y"}
    assert owner.post(f"/customers/{sari}/edit", data={**allowed, "marketing_sms": "given"}).status_code == 303
    assert states(shop, sari) == ["given", "not_asked", "not_asked"]
    assert owner.post(f"/customers/{sari}/edit", data={**allowed, "city": "Bogor"}).status_code == 303
    assert states(shop, sari) == ["given", "not_asked", "not_asked"]
    assert owner.post("/customers/new", data={"name": "Budi", "marketing_email": "given"}).status_code == 303
    assert owner.post(f"/customers/{sari}/edit", data={**allowed, "marketing_sms": "maybe"}).status_code == 422


@only_sqlite
def test_a_form_that_was_open_before_a_withdrawal_gives_nothing_back(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer(email="sari@mail.example")
    fields = {"name": "Sari", "phone": E164, "email": "sari@mail.example", "sms_allowed": "y", "email_allowed": "y"}
    fields |= {"whatsapp_allowed": "y", "marketing_sms": "given", "marketing_email": "given"}
    owner.post(f"/customers/{sari}/edit", data=fields)
    page = owner.get(f"/customers/{sari}/edit").text
    shown = re.search(r'name="shown_consents"[^>]* value="([^"]*)"', page)
    assert shown
    for channel, purpose in (("sms", "marketing"), ("whatsapp", "service")):
        said = {"channel": channel, "purpose": purpose, "state": "withdrawn"}
        assert owner.post(f"/customers/{sari}/consents", data=said).status_code == 303
    late = {**fields, "shown_consents": shown[1], "city": "Bogor", "marketing_email": "withdrawn"}
    assert owner.post(f"/customers/{sari}/edit", data=late).status_code == 303
    assert states(shop, sari) == ["withdrawn", "not_asked", "withdrawn"]
    with shop.inside():
        customer = db.session.get_one(Customer, sari)
        assert (customer.city, customer.sms_allowed, customer.whatsapp_allowed) == ("Bogor", True, False)
