"""Adding by hand through the API: everybody once, and the answer says who it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from crm.accounts.models import Membership, Organization
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from tests.api.conftest import Client
from tests.factories import Cast, Person, make_branch, make_customer

SHAPE = {
    *("id", "full_name", "phone", "email", "passport_number", "city", "source", "branch", "organization"),
    *("is_active", "service_type", "last_activity", "created_at", "updated_at"),
}
ALI = {
    "full_name": "Ali Khan",
    "phone": "0812 3456 7890",
    "email": "Ali@Example.com",
    "passport_number": "p-12345",
    "city": "Karachi",
}
URL = "customers/manual-add/"

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def add(api: Client, expected: int = 201, **fields: Any) -> Any:
    response = api.post(URL, json=fields)
    assert response.status_code == expected, response.text
    return response.json


def test_who_is_new_is_created_and_who_is_known_is_updated(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        branch = make_branch()
    made = add(api, **ALI, source="Manual", branch=branch, organization=cast.staff.organization_id)

    assert set(made) == SHAPE
    assert made == made | {
        **ALI,
        "phone": "+6281234567890",
        "email": "ali@example.com",
        "passport_number": "P12345",
        "source": "Manual",
        "branch": branch,
        "organization": cast.staff.organization_id,
        "is_active": True,
        "service_type": None,
    }
    assert made["last_activity"].endswith("Z")

    again = add(api, 200, name="Ali  KHAN", phone="+62 812-3456-7890", service_type="Umrah")
    assert (again["id"], again["service_type"], again["city"]) == (made["id"], "Umrah", "Karachi")
    assert again["last_activity"] > made["last_activity"]
    assert add(api, 200, full_name="Ali Khan", passport_number="P12345")["id"] == made["id"]
    assert api.get("customers/")["count"] == 1


def test_a_family_on_one_phone_stays_two_and_the_answer_names_the_other(api: Client) -> None:
    mother = add(api, **ALI)
    son = add(api, full_name="Budi Santoso", phone=ALI["phone"])
    assert son["duplicates"] == [mother["id"]]
    assert set(son) == SHAPE | {"duplicates"}


def test_an_archived_customer_comes_back_by_later_activity_alone(api: Client) -> None:
    made = add(api, **ALI)
    assert api.call("DELETE", f"customers/{made['id']}/").status_code == 204
    earlier = add(api, 200, **ALI, last_activity="2020-01-01T00:00:00Z")
    assert (earlier["id"], earlier["is_active"]) == (made["id"], False)
    assert add(api, 200, **ALI)["is_active"] is True


@only_sqlite
def test_what_can_not_be_is_told_in_a_sentence(cast: Cast, api: Client) -> None:
    with cast.stranger.acting():
        theirs = make_branch()
    for fields, sentence in (
        ({"phone": "0812"}, "Name is required"),
        ({"full_name": " "}, "Name is required"),
        ({"full_name": None, "name": "Ali"}, "Name is required"),
        ({"name": "Ali", "organization": cast.stranger.organization_id}, "Tenant not found"),
        ({"name": "Ali", "organization": "rival"}, "Tenant not found"),
        ({"name": "Ali", "organization": True}, "Tenant not found"),
        ({"name": "Ali", "organization": [1]}, "Tenant not found"),
        ({"name": "Ali", "branch": theirs}, "There is no branch with this id."),
        ({"name": "Ali", "phone": True}, "Send text."),
        ({"name": "Ali", "email": "not an address"}, "Enter an e-mail address like name@example.com."),
        ({"name": "x" * 201}, "Shorten this by 1 character: it has room for 200."),
        ({"name": "Ali", "last_activity": "yesterday"}, "Send a date and time with its offset, like"),
    ):
        assert add(api, 400, **fields)["error"].startswith(sentence), fields
    assert api.get("customers/")["count"] == 0
    odd = add(api, name="Ali", phone="n/a", email="N/A", passport_number=None, organization="shop")
    assert (odd["phone"], odd["email"], odd["passport_number"], odd["source"]) == ("", None, "", "Manual")
    assert add(api, name="Ayu", last_activity="9999-12-31T00:00:00Z")["last_activity"] < "9999"


@only_sqlite
def test_the_same_request_is_done_once(api: Client) -> None:
    for _ in range(2):
        response = api.post(URL, json={"name": "No keys"}, headers={"Idempotency-Key": "one"})
        assert response.status_code == 201
    assert api.get("customers/")["count"] == 1


def test_who_is_bound_to_a_branch_neither_sees_nor_moves_customers_of_another(
    cast: Cast, api: Client, client_of: Callable[[Person], Client]
) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
        make_customer(name="Budi", phone="0812 3333 4444", branch_id=theirs)

    refused = add(api, 409, name="Budi", phone="0812 3333 4444", branch=ours, city="Bogor")
    assert refused["error"].startswith("This is a customer of another branch.")
    with cast.owner.acting():
        budi = db.session.scalars(sa.select(Customer)).one()
        assert (budi.branch_id, budi.city, budi.last_activity_at) == (theirs, "", None)

    own = add(api, name="Sari", phone="0812 3333 4444", branch=theirs)
    assert own["branch"] == ours
    assert "duplicates" not in own, "whom nobody here may see"
    assert api.get("customers/auto-collection/")["total_customers"] == 1
    assert client_of(cast.manager).get("customers/auto-collection/")["total_customers"] == 2


def test_all_customers_are_listed_in_pages(api: Client) -> None:
    for number in range(5):
        add(api, name=f"Customer {number}")
    first = api.get("customers/auto-collection/?page_size=2")
    assert list(first) == ["count", "next", "previous", "total_customers", "customers"]
    assert (first["count"], first["total_customers"], first["previous"]) == (5, 5, None)
    assert [set(row) for row in first["customers"]] == [SHAPE, SHAPE]
    second = api.get(first["next"].partition("/api/")[2])
    assert [row["full_name"] for row in second["customers"]] == ["Customer 2", "Customer 1"]
    assert second["previous"]
    assert api.get("customers/auto-collection/?page=3&page_size=2")["customers"][0]["full_name"] == "Customer 0"
    add(api, name="Meanwhile")
    third = api.get(second["next"].partition("/api/")[2])
    assert [row["full_name"] for row in third["customers"]] == ["Customer 0"], "it goes on where it was"
