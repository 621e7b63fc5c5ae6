"""Customers by the JSON API: the testing guide of the interface, step by step, and its shapes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from tests.api.conftest import Client
from tests.factories import Cast, Person, make_branch, make_customer, make_points_entry

SHAPE = {
    *("id", "tenant", "tenant_name", "name", "email", "phone", "address", "city", "province", "postal_code"),
    *("loyalty_points", "loyalty_tier", "total_orders", "total_spent", "notes", "is_active", "created_at"),
    *("updated_at", "last_order_date", "full_name", "organization", "branch", "passport_number", "source"),
    *("service_type", "language", "last_activity", "next_message_at", "phone_valid", "phone_extension"),
    *("phones", "emails", "birthday", "sms_allowed", "whatsapp_allowed", "email_allowed"),
    *("marketing_sms", "marketing_whatsapp", "marketing_email"),
    *("points_expiring", "points_owed", "tier_since", "next_tier", "points_to_next_tier", "referral_code", "rfm"),
}
JANE = {
    "name": "Jane Smith",
    "email": "jane@example.com",
    "phone": "08987654321",
    "address": "Jl. Thamrin No. 456",
    "city": "Jakarta",
    "province": "DKI Jakarta",
    "postal_code": "12346",
    "notes": "VIP customer",
}

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def refused(response: Any, field: str | None = None) -> str:
    """Return the sentence of a 400."""
    assert response.status_code == 400, response.text
    assert response.mimetype == "application/problem+json"
    if field:
        assert response.json["errors"][field][0] == response.json["error"]
    return str(response.json["error"])


def test_the_testing_guide(api: Client) -> None:
    """Each step of the guide's own list of requests, in its order."""
    made = api.post("customers/", json=JANE)
    assert made.status_code == 201
    customer = made.json
    assert customer == customer | {**JANE, "phone": "+628987654321", "source": "API"}
    url = f"customers/{customer['id']}/"  # type: ignore[index]

    listed = api.get("customers/")
    assert (listed["count"], listed["next"], listed["previous"]) == (1, None, None)
    assert set(listed["results"][0]) == SHAPE
    assert api.get("customers/stats/") == {
        "total_customers": 1,
        "active_customers": 1,
        "total_loyalty_points": 0,
        "customers_by_tier": {"platinum": 0, "gold": 0, "silver": 0, "bronze": 1},
    }
    changed = api.call("PATCH", url, json={"phone": "08123456789"})
    assert (changed.status_code, changed.json["phone"]) == (200, "+628123456789")  # type: ignore[index]

    points = api.post(f"{url}update_points/", json={"points": 100, "reason": "Welcome bonus"})
    assert points.status_code == 200
    assert (points.json["loyalty_points"], points.json["loyalty_tier"]) == (100, "Silver")  # type: ignore[index]

    done = api.post("customers/bulk_update/", json={"customer_ids": [customer["id"]], "action": "deactivate"})  # type: ignore[index]
    assert (done.status_code, done.json) == (200, {"message": "1 customers updated successfully"})
    assert api.get("customers/?is_active=false")["count"] == 1
    assert api.get("customers/?is_active=true")["count"] == 0

    gone = api.call("DELETE", url)
    assert (gone.status_code, gone.data) == (204, b"")
    assert api.call("GET", url).status_code == 404
    assert api.get("customers/")["count"] == 0
    assert api.post(f"{url}restore/").status_code == 200
    assert api.get(url)["is_active"] is True


def test_one_customer_has_the_average_of_their_orders(app: Flask, cast: Cast, api: Client) -> None:
    made = api.make()
    with cast.owner.acting(), transaction():
        row = db.session.get_one(Customer, made["id"])
        row.total_orders, row.total_spent = 25, 2_500_000_00
    found = api.get(f"customers/{made['id']}/")
    assert set(found) == SHAPE | {"average_order_value"}
    assert (found["total_orders"], found["total_spent"], found["average_order_value"]) == (25, "2500000.00", 100000.0)
    assert found["full_name"] == found["name"] == "Jane Smith"
    assert found["organization"] == found["tenant"] == cast.staff.organization_id
    assert found["tenant_name"] == "Shop"
    assert found["created_at"].endswith("Z")


@only_sqlite
def test_what_was_read_can_be_sent_back(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        branch = make_branch()
    made = api.make(**{**JANE, "branch": branch})
    response = api.call("PUT", f"customers/{made['id']}/", json=made)
    assert (response.status_code, response.json) == (200, made)
    without = api.make(name="Walk-in")
    assert (without["email"], without["phone"], without["phone_valid"]) == (None, "", False)
    response = api.call("PUT", f"customers/{without['id']}/", json=without)
    assert (response.status_code, response.json) == (200, without)
    wished = {**made, "id": 999, "tenant": 999, "loyalty_points": 10_000, "total_spent": "1.00", "unknown": {"a": 1}}
    assert api.call("PUT", f"customers/{made['id']}/", json=wished).json == made


@only_sqlite
def test_what_can_not_be_is_told_in_a_sentence(cast: Cast, api: Client) -> None:
    api.make(email="Jane@Example.com")
    other = api.make(name="Other")
    taken = "Customer with this email already exists"
    assert refused(api.post("customers/", json={"name": "X", "email": "jane@EXAMPLE.com"}), "email") == taken
    patch = api.call("PATCH", f"customers/{other['id']}/", json={"email": "jane@example.com"})
    assert refused(patch, "email") == taken
    assert refused(api.post("customers/", json={"email": "x@example.com"}), "name") == "Name is required"
    assert refused(api.post("customers/", json={"name": " \u200b\n"}), "name") == "Name is required"
    assert refused(api.post("customers/", json={"name": "X", "email": "test@"}), "email").startswith("Enter an e-mail")
    assert "Shorten" in refused(api.post("customers/", json={"name": "x" * 201}), "name")
    assert refused(api.post("customers/", json={"name": "X", "branch": 999}), "branch")
    with cast.stranger.acting():
        theirs = make_branch()
    assert refused(api.post("customers/", json={"name": "X", "branch": theirs}), "branch")
    assert api.get("customers/")["count"] == 2
    # A number that somebody has already is another person's until somebody says otherwise.
    api.make(phone="0812 3456 7890")
    assert api.make(phone="+62 812-3456-7890")["phone"] == "+6281234567890"


@only_sqlite
def test_points_may_be_digits_as_text(api: Client) -> None:
    url = f"customers/{api.make()['id']}/"
    for given, balance in (("50", 50), ("-20", 30), ("0005", 35), ("-0", 35), (5.0, 40), ("1000000", 1_000_040)):
        answer = api.post(f"{url}update_points/", json={"points": given})
        assert (answer.status_code, answer.json["loyalty_points"]) == (200, balance), given  # type: ignore[index]


@only_sqlite
def test_points_are_added_and_deducted_never_below_zero(api: Client) -> None:
    url = f"customers/{api.make()['id']}/"
    assert api.post(f"{url}update_points/", json={"points": 500}).json["loyalty_tier"] == "Gold"  # type: ignore[index]
    assert api.post(f"{url}update_points/", json={"points": -9_000}).json["loyalty_points"] == 0  # type: ignore[index]
    assert api.post(f"{url}update_points/", json={"points": 0}).status_code == 200
    for wrong in (
        "x",
        None,
        1.5,
        True,
        [1],
        {},
        "",
        " ",
        "1.5",
        "1e3",
        "+5",
        "5 ",
        "1_0",
        "\u0665",
        "--5",
        "9" * 5_000,
    ):
        assert refused(api.post(f"{url}update_points/", json={"points": wrong}), "points") == "Invalid points value"
    assert refused(api.post(f"{url}update_points/", json={"reason": "none"})) == "Invalid points value"
    for many in (10**30, "1000001", "-1000001"):
        assert refused(api.post(f"{url}update_points/", json={"points": many})).startswith("Enter at most 1,000,000")
    entries = api.get(f"{url}points/")
    assert [(row["points"], row["balance"]) for row in entries["results"]] == [(-500, 0), (500, 500)]
    assert set(entries["results"][0]) == {
        *("id", "organization", "customer", "kind", "points", "reason", "balance", "remaining", "expires_on"),
        *("created_at", "updated_at"),
    }


@only_sqlite
def test_bulk_updates_count_the_customers_of_the_organization(cast: Cast, api: Client) -> None:
    with cast.stranger.acting():
        theirs = make_customer()
    ids = [api.make(name=str(number))["id"] for number in range(5)]
    for action, active in (("deactivate", False), ("activate", True)):
        response = api.post("customers/bulk_update/", json={"customer_ids": [*ids, theirs, 10**12], "action": action})
        assert response.json == {"message": "5 customers updated successfully"}
        assert {row["is_active"] for row in api.get("customers/")["results"]} == {active}
    with cast.stranger.acting():
        assert db.session.get_one(Customer, theirs).is_active
    for ids_ in ([], None):
        answer = api.post("customers/bulk_update/", json={"customer_ids": ids_, "action": "x"})
        assert refused(answer, "customer_ids") == "No customers selected"
    for action in ("delete", None, 1):
        answer = api.post("customers/bulk_update/", json={"customer_ids": ids, "action": action})
        assert refused(answer, "action") == "Invalid action"


def test_search_and_filters(cast: Cast, api: Client) -> None:
    siti = api.make(name="Siti Rahma", phone="0812 3456 7890", city="Jakarta", province="DKI Jakarta")
    budi = api.make(name="Budi", email="budi@example.com", city="Bogor", is_active=False)
    with cast.owner.acting():
        make_points_entry(budi["id"])
    for query, wanted in (
        ("search=siti", siti),
        ("search=0812 345", siti),
        ("search=%2B62812", siti),
        ("search=budi@", budi),
        ("is_active=true", siti),
        ("is_active=False", budi),
        ("loyalty_level=gold", budi),
        ("loyalty_level=bronze", siti),
        ("city=JAKARTA", siti),
        ("province=dki jakarta", siti),
        ("loyalty_level=gold&is_active=false&city=bogor&search=bud", budi),
    ):
        page = api.get(f"customers/?{query}")
        assert ([row["id"] for row in page["results"]], page["count"]) == ([wanted["id"]], 1), query
    assert api.get("customers/?search=nobody")["results"] == []
    assert api.get("customers/?search=%00%25_'")["count"] == 0
    for query in ("is_active=perhaps", "loyalty_level=tin", "ordering=password", "page=0", "page=x", "page_size=101"):
        assert refused(api.call("GET", f"customers/?{query}")), query


ORDERINGS = {
    "name": "name",
    "created_at": "created_at",
    "loyalty_points": "loyalty_points",
    "total_orders": "total_orders",
    "total_spent": "total_spent",
    "last_order_date": "last_order_date",
}


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("ordering", ORDERINGS)
def test_each_order_shows_each_customer_once_both_ways(cast: Cast, api: Client, ordering: str, sign: str) -> None:
    with cast.owner.acting():
        for number in range(7):
            id_ = make_customer(name=f"Customer {number % 3}")
            with transaction():
                row = db.session.get_one(Customer, id_)
                row.loyalty_points = row.total_orders = number % 3
                row.total_spent = number % 3 * 100
                row.last_order_at = row.created_at if number % 3 else None
    forward, page = [], api.get(f"customers/?ordering={sign}{ordering}&page_size=2")
    previous: list[Any] = []
    while True:
        assert page["count"] == 7
        forward.append(page["results"])
        if page["next"] is None:
            break
        page = api.get(page["next"].partition("/api/")[2])
        assert page["previous"] is not None
    while page["previous"] is not None:
        page = api.get(page["previous"].partition("/api/")[2])
        previous.insert(0, page["results"])
    rows = [row for results in forward for row in results]
    assert len({row["id"] for row in rows}) == len(rows) == 7
    assert previous == forward[:-1]
    filtered = api.get(f"customers/?ordering={sign}{ordering}&is_active=true&page_size=100")["results"]
    assert filtered == rows
    by_number = [
        r for n in range(1, 5) for r in api.get(f"customers/?ordering={sign}{ordering}&page_size=2&page={n}")["results"]
    ]
    assert by_number == rows
    values = [row[ordering] for row in rows]
    known = [value for value in values if value is not None]
    if ordering == "total_spent":
        known = [float(value) for value in known]
    elif ordering in ("created_at", "last_order_date"):
        known = [dt.datetime.fromisoformat(value) for value in known]
    assert known == sorted(known, reverse=bool(sign))
    if ordering == "last_order_date":
        assert values[4:] == [None, None, None], "who has not ordered stands last in both"


@only_sqlite
def test_pages_by_number_end_at_row_ten_thousand(api: Client) -> None:
    assert api.get("customers/?page=100&page_size=100")["results"] == []
    assert "row 10,000" in refused(api.call("GET", "customers/?page=101&page_size=100"))
    assert refused(api.call("GET", f"customers/?page={10**18}"))


@only_sqlite
def test_the_newest_come_first_and_twenty_to_a_page(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        ids = [make_customer() for _ in range(21)]
    page = api.get("customers/")
    assert [row["id"] for row in page["results"]] == ids[:0:-1]
    assert page["next"].startswith(f"{api.app.config['PUBLIC_URL']}/api/customers/?")
    assert "page=2" in page["next"]


@only_sqlite
def test_roles(cast: Cast, client_of: Callable[[Person], Client]) -> None:
    made = client_of(cast.staff).make()
    viewer = client_of(cast.viewer)
    assert cast.viewer.role is Role.VIEWER
    assert viewer.get(f"customers/{made['id']}/")["id"] == made["id"]
    for method, path in (("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "update_points/"), ("POST", "restore/")):
        response = viewer.call(method, f"customers/{made['id']}/{path}", json={"name": "X", "points": 1})
        assert (response.status_code, response.mimetype) == (403, "application/problem+json")
