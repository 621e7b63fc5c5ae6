"""Shops that count in yen or in dinars: what is typed, shown, added up and sent has the decimals of their currency."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.models import Organization
from crm.accounts.services import change_organization
from crm.kernel.extensions import db
from tests.api.conftest import Client
from tests.factories import Cast, make_customer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NBSP = "\u00a0"


def use(cast: Cast, **settings: str) -> None:
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, settings)


def invoice(client: FlaskClient, customer: int, amount: str) -> Any:
    data = {"amount": amount, "date": "2026-01-02"}
    return client.post(f"/customers/{customer}/invoices/new", data=data, follow_redirects=True)


@pytest.fixture
def customer(cast: Cast) -> int:
    with cast.staff.acting():
        return make_customer(name="Siti Rahma")


def test_dinars_have_three_decimals_everywhere(cast: Cast, customer: int) -> None:
    use(cast, currency="KWD", locale="en_US", earn_points="1", earn_per="0.500")
    client, api = cast.staff.client(), Client(cast.staff.app, cast.staff.token())

    for typed in ("1.250", "KWD 2.005", "1,000"):
        assert invoice(client, customer, typed).status_code == 200
    refused = invoice(client, customer, "1.2505")
    made = api.post(f"customers/{customer}/invoices/", json={"amount": "0.745"})

    assert (refused.status_code, refused.text.count("at most three decimals, like 1,500.500.")) == (422, 2)
    assert made.json["amount"] == "0.745"  # type: ignore[index]
    page = client.get(f"/customers/{customer}").text
    for shown in ("KWD 1.250", "KWD 2.005", "KWD 1,000", "KWD 0.745"):
        assert shown.replace(" ", NBSP) in page
    found = api.get(f"customers/{customer}/")
    assert (found["total_spent"], found["average_order_value"]) == ("1004.000", 251.0)
    assert found["loyalty_points"] == 2 + 4 + 2_000 + 1, "one point for every half a dinar"


def test_where_dots_group_thousands_a_dinar_is_read_as_it_is_written(cast: Cast, customer: int) -> None:
    use(cast, currency="KWD", locale="id_ID")
    client, api = cast.staff.client(), Client(cast.staff.app, cast.staff.token())

    invoice(client, customer, "1,250")
    invoice(client, customer, "1.250")

    rows = api.get(f"customers/{customer}/invoices/")["results"]
    assert sorted(row["amount"] for row in rows) == ["1.250", "1250.000"]


def test_yen_are_whole(cast: Cast, customer: int) -> None:
    use(cast, currency="JPY", locale="ja_JP")
    client, api = cast.staff.client(), Client(cast.staff.app, cast.staff.token())

    for typed in ("1,500", "¥1501"):
        assert invoice(client, customer, typed).status_code == 200
    refused = invoice(client, customer, "1500.50")
    wrong = api.post(f"customers/{customer}/invoices/", json={"amount": "1234.50"})
    made = api.post(f"customers/{customer}/invoices/", json={"amount": "1234.00"})

    assert (refused.status_code, refused.text.count("Enter a whole amount, like 1,500.")) == (422, 2)
    assert (wrong.status_code, "Enter a whole amount, like 1500." in wrong.text) == (400, True)
    assert made.json["amount"] == "1234.00"  # type: ignore[index]
    page = client.get(f"/customers/{customer}").text
    assert "￥1,501" in page
    assert "￥1,412<" in page, "the average is whole, too"
    assert "￥4,235" in page
    assert ".00" not in page
    assert api.get(f"customers/{customer}/")["total_spent"] == "4235.00"


@pytest.mark.parametrize(
    ("currency", "locale", "amount", "typed"),
    [
        ("KWD", "id_ID", "1.250", "1,250"),
        ("KWD", "en_US", "1250.005", "1250.005"),
        ("JPY", "ja_JP", "1234.00", "1234"),
        ("IDR", "id_ID", "1500.50", "1500.50"),
    ],
)
def test_a_booking_that_is_saved_again_is_the_same(
    cast: Cast, currency: str, locale: str, amount: str, typed: str
) -> None:
    use(cast, currency=currency, locale=locale)
    client, api = cast.staff.client(), Client(cast.staff.app, cast.staff.token())
    persons = [{"name": "Ali", "is_lead": True}]
    made: Any = api.post("bookings/", json={"date": "2026-12-24", "amount": amount, "persons": persons}).json
    url = f"/bookings/{made['id']}/edit"

    assert f'name="amount" type="text" value="{typed}"' in client.get(url).text
    data = {"number": made["number"], "date": "2026-12-24", "status": "pending", "amount": typed}
    data |= {"persons-0-name": "Ali", "persons-0-id": str(made["persons"][0].get("id", "")), "lead_person": "0"}

    assert client.post(url, data=data).status_code == 303
    assert api.get(f"bookings/{made['id']}/")["amount"] == amount


def test_nothing_is_nothing_in_every_currency(cast: Cast) -> None:
    use(cast, currency="KWD", locale="en_US")
    api = Client(cast.staff.app, cast.staff.token())
    for amount in ("0", "0.000", 0):
        body = {"date": "2026-12-24", "amount": amount, "persons": [{"name": "Ali", "is_lead": True}]}
        made = api.post("bookings/", json=body)
        assert (made.status_code, made.json["amount"]) == (201, "0.000")  # type: ignore[index]


def test_what_earns_a_point_stays_when_the_currency_changes(app: Flask, cast: Cast) -> None:
    use(cast, locale="en_US", earn_points="1", earn_per="10000.00")
    settings = {"name": "Shop", "phone_region": "ID", "time_zone": "Asia/Jakarta", "locale": "en_US"}
    client = cast.owner.client()

    use(cast, currency="KWD")
    assert 'name="earn_per" type="text" value="10,000"' in client.get("/settings/organization").text
    for currency, per, stored in (("KWD", "0.250", 250), ("USD", "0.25", 25), ("BHD", "1,000", 1_000_000)):
        sent = {**settings, "currency": currency, "earn_points": "1", "earn_per": per}
        assert client.post("/settings/organization", data=sent).status_code == 303
        with app.app_context():
            assert db.session.get_one(Organization, cast.owner.organization_id).earn_per == stored
    refused = client.post("/settings/organization", data={**sent, "currency": "JPY", "earn_per": "0.50"})
    assert (refused.status_code, "Enter a whole amount, like 1,500." in refused.text) == (422, True)
