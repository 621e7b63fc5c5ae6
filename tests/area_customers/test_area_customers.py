"""Area customers: what staff write down, who becomes a customer by it, and how they are found again."""

from __future__ import annotations

import concurrent.futures
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts.models import Membership, Organization
from crm.area_customers import queries
from crm.area_customers.models import AreaCustomer
from crm.customers.models import Customer
from crm.intake.sources import registered
from crm.kernel.columns import Base
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.web import lists
from tests.api.conftest import Client
from tests.customers.test_timeline import lines
from tests.factories import Cast, Person, make_area_customer, make_branch, make_customer

Row = TypeVar("Row", bound=Base)
HTMX = {"HX-Request": "true"}
SITI = {"name": "Siti Rahma", "phone": "0812 3456 7890", "email": " SITI@Example.com ", "passport_number": "a-123 4567"}


def rows(person: Person, model: type[Row]) -> list[Row]:
    with person.acting():
        return list(db.session.scalars(sa.select(model).order_by(sa.literal_column("id"))))


def one(person: Person, model: type[Row]) -> Row:
    (row,) = rows(person, model)
    return row


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


@pytest.fixture
def api(app: Flask, cast: Cast) -> Client:
    return Client(app, cast.staff.token())


def test_one_is_kept_as_customers_are_and_becomes_a_customer(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        branch = make_branch()

    answer = staff.post("/area-customers/new", data={**SITI, "area": " Kemang  Timur ", "branch": str(branch)})

    row, customer = one(cast.staff, AreaCustomer), one(cast.staff, Customer)
    assert (answer.status_code, answer.location) == (303, f"/area-customers/{row.id}")
    assert (row.phone, row.phone_valid, row.email, row.passport_number) == (
        *("+6281234567890", True, "siti@example.com", "A1234567"),
    )
    assert (row.area, row.branch_id, row.customer_id) == ("Kemang Timur", branch, customer.id)
    assert (customer.name, customer.phone, customer.email, customer.passport_number) == (
        *("Siti Rahma", "+6281234567890", "siti@example.com", "A1234567"),
    )
    assert (customer.source, customer.branch_id, customer.last_activity_at) == ("Area", branch, row.activity_at)
    page = staff.get(answer.location).text
    assert "Siti Rahma added." in page
    assert f'href="/customers/{customer.id}"' in page
    assert lines(cast.staff, customer.id)[0].startswith("Contact by area added in Kemang Timur")


def test_somebody_who_is_a_customer_already_is_found(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        customer = make_customer(name="Ibu Siti Rahma", phone="+62 812-3456-7890")

    staff.post("/area-customers/new", data=SITI)

    found = one(cast.staff, Customer)
    assert found.id == customer == one(cast.staff, AreaCustomer).customer_id
    assert (found.name, found.email, found.source) == ("Ibu Siti Rahma", "siti@example.com", "Manual")


def test_an_edit_follows_to_the_same_customer(cast: Cast, staff: FlaskClient) -> None:
    address = staff.post("/area-customers/new", data={"name": "Siti", "phone": "0812 3456 7890"}).location

    answer = staff.post(f"{address}/edit", data={"name": "Siti Rahma", "phone": "0813 1111 2222", "area": "Tebet"})

    assert answer.status_code == 303
    customer = one(cast.staff, Customer)
    assert customer.name == "Siti Rahma"
    assert one(cast.staff, AreaCustomer).customer_id == customer.id
    told = lines(cast.staff, customer.id)[0]
    assert "Contact by area edited by staff Name changed from Siti to Siti Rahma" in told
    assert "Area added: Tebet" in told


def test_another_person_written_over_one_is_another_customer(cast: Cast, staff: FlaskClient) -> None:
    address = staff.post("/area-customers/new", data={"name": "Siti Rahma", "phone": "0812 3456 7890"}).location

    staff.post(f"{address}/edit", data={"name": "Budi Santoso", "phone": "0812 3456 7890"})

    first, second = rows(cast.staff, Customer)
    assert (first.name, second.name) == ("Siti Rahma", "Budi Santoso")
    assert one(cast.staff, AreaCustomer).customer_id == second.id


def test_an_edit_that_changes_nothing_tells_nothing(cast: Cast, staff: FlaskClient) -> None:
    address = staff.post("/area-customers/new", data=SITI).location
    before = one(cast.staff, AreaCustomer), one(cast.staff, Customer)
    told = lines(cast.staff, before[1].id)

    assert staff.post(f"{address}/edit", data=SITI).status_code == 303

    after = one(cast.staff, AreaCustomer), one(cast.staff, Customer)
    assert [(row.updated_at, row.customer_id) for row in (after[0],)] == [(before[0].updated_at, before[1].id)]
    assert after[1].last_activity_at == before[1].last_activity_at
    assert lines(cast.staff, before[1].id) == told


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_can_not_be_is_said_and_nothing_typed_is_lost(
    cast: Cast, staff: FlaskClient, headers: dict[str, str]
) -> None:
    answer = staff.post(
        "/area-customers/new", data={"name": " ", "email": "siti", "area": "Kem<ang", "phone": "ask"}, headers=headers
    )
    assert answer.status_code == 422
    for words in ("There is a problem", "Enter the person's name.", "name@example.com", "Kem&lt;ang", "ask"):
        assert words in answer.text
    assert rows(cast.staff, AreaCustomer) == []


def test_a_number_that_is_none_is_kept_as_typed_and_marked(cast: Cast, staff: FlaskClient) -> None:
    answer = staff.post("/area-customers/new", data={"name": "Siti", "phone": "ask her mother"})
    assert not one(cast.staff, AreaCustomer).phone_valid
    page = staff.get(answer.location).text
    assert "ask her mother" in page
    assert "Not a number that can be reached" in page


def test_htmx_gets_the_fragment_and_the_list_hears_of_it(cast: Cast, staff: FlaskClient) -> None:
    window = staff.get("/area-customers/new?name=Siti", headers=HTMX)
    assert "<html" not in window.text
    assert 'value="Siti"' in window.text
    answer = staff.post("/area-customers/new", data=SITI, headers=HTMX)
    assert (answer.status_code, "<html" in answer.text) == (200, False)
    assert "Siti Rahma added." in answer.text
    assert "customersChanged" in answer.headers["HX-Trigger"]


def test_the_list_is_searched_and_filtered(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        make_area_customer(name="José Rahma", phone="0812 3456 7890", area="Kemang", branch_id=ours)
        make_area_customer(name="Budi 100%", email="budi@example.com", area="Tebet", branch_id=theirs)
        make_area_customer(name="Citra_", area="kemang timur")

    def names(query: str) -> list[str]:
        page = staff.get(f"/area-customers?{query}", headers=HTMX).text
        return [name for name in ("José Rahma", "Budi 100%", "Citra_") if f">{name}</a></th>" in page]

    assert names("") == ["José Rahma", "Budi 100%", "Citra_"]
    for query in ("jose", "0812 345", "%2B62 812-345", "kemang rah"):
        assert names(f"q={query}") == ["José Rahma"], query
    assert names("q=budi@ex") == names("q=100%25") == names("area=TEBET") == names(f"branch={theirs}") == ["Budi 100%"]
    assert names("q=_") == ["Citra_"]
    assert names("q=kemang") == ["José Rahma", "Citra_"]
    assert names("area=kemang") == ["José Rahma"]
    assert names("q=budi&area=kemang") == []
    assert "Nobody matches “nobody”" in staff.get("/area-customers?q=nobody").text
    assert "Clear filters" in staff.get("/area-customers?area=nowhere").text
    assert "Kemang" in staff.get("/area-customers/areas?area=kem").text
    for query in ("page=-1", "page=99999999999999999999", "branch=x", "q=" + "x" * 10_000, "q=%00", "area=%00"):
        assert staff.get(f"/area-customers?{query}").status_code == 200


def test_those_beyond_what_a_search_reads_are_found_by_who_they_are(
    cast: Cast, staff: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SEARCHED", 1)
    with cast.owner.acting():
        make_area_customer(name="Siti Rahma")
        make_area_customer(name="Budi")
    assert "Siti Rahma" in staff.get("/area-customers?q=rahma", headers=HTMX).text


def test_pages_follow_each_other(cast: Cast, staff: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE_SIZE", 2)
    with cast.owner.acting():
        for number in range(5):
            make_area_customer(name=f"Number {number}")
    shown = [staff.get(f"/area-customers?page={page}", headers=HTMX).text for page in (1, 2, 3, 4)]
    found = [[n for n in range(5) if f">Number {n}</a></th>" in text] for text in shown]
    assert found == [[3, 4], [1, 2], [0], []]
    assert "page=2" in shown[0]
    assert "page=4" not in shown[2]
    assert "There is no such page" in shown[3]


def test_an_empty_list_says_what_to_do(staff: FlaskClient) -> None:
    assert "No contacts yet" in staff.get("/area-customers").text


def test_a_customer_who_is_deleted_leaves_the_record_and_never_comes_back(cast: Cast, staff: FlaskClient) -> None:
    address = staff.post("/area-customers/new", data=SITI).location
    customer = one(cast.staff, Customer)

    assert cast.manager.client().post(f"/customers/{customer.id}/delete").status_code == 303
    assert staff.post(f"{address}/edit", data={**SITI, "name": "Siti R."}).status_code == 303

    row = one(cast.staff, AreaCustomer)
    assert (row.name, row.customer_id, row.do_not_collect) == ("Siti R.", None, True)
    assert rows(cast.staff, Customer) == []
    assert "Deleted for good" in staff.get(address).text


def test_staff_of_a_branch_add_to_it_and_see_it_alone(cast: Cast) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
        other = make_area_customer(name="Budi", phone="0812 3456 7890", area="Bogor", branch_id=theirs)
    client = cast.staff.client()

    assert 'name="branch"' not in client.get("/area-customers/new").text
    mine = client.post("/area-customers/new", data={**SITI, "branch": str(theirs)}).location
    assert client.post(f"{mine}/edit", data={**SITI, "branch": str(theirs)}).status_code == 303

    assert [row.branch_id for row in rows(cast.owner, AreaCustomer)] == [theirs, ours]
    assert client.get(f"/area-customers/{other}").status_code == 404
    for path in ("/area-customers", "/area-customers?q=bogor", "/area-customers/areas"):
        assert "Bogor" not in client.get(path, headers=HTMX).text
    assert client.get(mine).status_code == 200


def test_a_branch_with_area_customers_is_not_deleted(cast: Cast) -> None:
    with cast.owner.acting():
        branch = make_branch()
        make_area_customer(branch_id=branch)
    answer = cast.manager.client().post(f"/settings/branches/{branch}/delete")
    assert answer.status_code == 409
    assert "still has 1 contact by area and 1 customer" in answer.text


def test_fifty_at_once_are_one(app: Flask, cast: Cast) -> None:
    data = {**SITI, "idempotency_key": "the same"}

    def post(_: int) -> TestResponse:
        return cast.staff.client().post("/area-customers/new", data=data)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(50)))

    row = one(cast.staff, AreaCustomer)
    assert {answer.location for answer in answers} == {f"/area-customers/{row.id}"}
    assert one(cast.staff, Customer).id == row.customer_id


def test_the_same_form_with_other_content_gets_a_new_key(cast: Cast, staff: FlaskClient) -> None:
    data = {**SITI, "idempotency_key": "the same"}
    staff.post("/area-customers/new", data=data)
    answer = staff.post("/area-customers/new", data={**data, "name": "Rina"})
    assert answer.status_code == 422
    assert "sent before with other content" in answer.text
    assert 'value="the same"' not in answer.text
    assert len(rows(cast.staff, AreaCustomer)) == 1


def test_scans_know_of_them() -> None:
    (source,) = [source for source in registered() if source.key == "area_customers"]
    assert (source.name, source.model, source.branch) == ("Area", AreaCustomer, AreaCustomer.branch_id)


FIELDS = {
    *("id", "organization", "name", "phone", "phone_valid", "email", "passport_number", "area", "branch", "customer"),
    *("created_at", "updated_at"),
}


def test_the_api_adds_reads_lists_and_changes(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        branch = make_branch()
    made: Any = api.post("area-customers/", json={**SITI, "area": "Kemang", "branch": branch})
    assert made.status_code == 201
    row = made.json
    assert set(row) == FIELDS
    assert (row["phone"], row["email"], row["passport_number"], row["area"], row["branch"]) == (
        *("+6281234567890", "siti@example.com", "A1234567", "Kemang", branch),
    )
    assert row["customer"] == one(cast.staff, Customer).id
    url = f"area-customers/{row['id']}/"
    assert api.get(url) == row

    put: Any = api.call("PUT", url, json={**row, "name": "Siti R.", "customer": 99, "id": 99})
    assert (put.status_code, put.json["name"], put.json["customer"]) == (200, "Siti R.", row["customer"])
    patched: Any = api.call("PATCH", url, json={"area": "Tebet", "branch": None})
    assert (patched.json["area"], patched.json["branch"], patched.json["name"]) == ("Tebet", None, "Siti R.")

    assert [one["id"] for one in api.get("area-customers/?search=siti&area=tebet")["results"]] == [row["id"]]
    assert api.get("area-customers/?search=nobody")["count"] == 0
    assert api.get(f"area-customers/?branch={branch}")["count"] == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "Siti", "email": "siti"}, "email"),
        ({"name": "Siti", "branch": 999_999}, "branch"),
        ({"name": "Siti", "area": "x" * 101}, "area"),
        ({"name": "Siti", "phone": True}, "phone"),
    ],
)
def test_the_api_says_what_can_not_be(cast: Cast, api: Client, given: dict[str, Any], field: str) -> None:
    answer: Any = api.post("area-customers/", json=given)
    assert (answer.status_code, list(answer.json["errors"])) == (400, [field])
    assert rows(cast.staff, AreaCustomer) == []
