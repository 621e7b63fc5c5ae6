"""Bookings by the JSON API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from crm.bookings.models import Booking, BookingPerson
from crm.customers.models import Customer
from crm.leads.models import Lead
from tests.api.conftest import Client
from tests.bookings.test_bookings import ALI, OMAR, SARA, names, one, rows
from tests.factories import Cast, make_booking, make_branch

FIELDS = {
    *("id", "organization", "number", "branch", "service", "date", "date_until", "note", "status"),
    *("amount", "paid", "balance", "lead", "persons", "documents"),
    *("created_at", "updated_at"),
}
PERSON = {"id", "name", "phone", "phone_valid", "email", "passport_number", "is_lead", "customer"}
GIVEN: dict[str, Any] = {"number": "PK-77", "date": "2026-12-24", "amount": "2500000.00", "status": "confirmed"}


@pytest.fixture
def api(app: Flask, cast: Cast) -> Client:
    return Client(app, cast.staff.token())


def add(api: Client, **given: Any) -> Any:
    answer = api.post("bookings/", json={**GIVEN, **given})
    assert answer.status_code == 201, answer.text
    return answer.json


def test_a_booking_makes_a_lead_that_is_converted_and_customers(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        branch = make_branch()
    made = add(api, branch=branch, persons=[SARA, {**ALI, "is_lead": True}])
    lead, customers = one(cast.staff, Lead), rows(cast.staff, Customer)
    assert set(made) == FIELDS
    assert {key: made[key] for key in GIVEN} == GIVEN
    assert (made["branch"], made["lead"]) == (branch, lead.id)
    assert [set(person) for person in made["persons"]] == [PERSON, PERSON]
    assert [(person["name"], person["phone"], person["is_lead"]) for person in made["persons"]] == [
        *(("Sara Khan", "+6281234567890", False), ("Ali Khan", "+6281234567890", True)),
    ]
    assert [person["customer"] for person in made["persons"]] == [customer.id for customer in customers]
    assert (lead.status, lead.name) == ("converted", "Ali Khan")
    assert api.get(f"bookings/{made['id']}/") == made


def test_what_was_read_can_be_put_back(cast: Cast, api: Client) -> None:
    made = add(api, amount=0, persons=[ALI, SARA])
    assert made["amount"] == "0.00"
    put: Any = api.call("PUT", f"bookings/{made['id']}/", json=made)
    assert (put.status_code, put.json) == (200, made)


def test_persons_are_known_by_their_names_where_no_id_is_sent(cast: Cast, api: Client) -> None:
    made = add(api, persons=[ALI, SARA])
    ids = {person["name"]: person["id"] for person in made["persons"]}
    url = f"bookings/{made['id']}/"
    sent = [{**SARA, "phone": "0855 5555 5555", "is_lead": True}, OMAR, {"name": "ali khan"}]

    put: Any = api.call("PUT", url, json={**GIVEN, "persons": sent})

    assert put.status_code == 200
    found = {person["name"]: person for person in put.json["persons"]}
    assert (found["Sara Khan"]["id"], found["ali khan"]["id"]) == (ids["Sara Khan"], ids["Ali Khan"])
    assert found["Sara Khan"]["is_lead"]
    assert len(rows(cast.staff, Customer)) == 3, "a new number makes nobody new"


def test_some_fields_are_changed_alone(cast: Cast, api: Client) -> None:
    made = add(api, persons=[ALI])
    url = f"bookings/{made['id']}/"
    patched: Any = api.call("PATCH", url, json={"status": "canceled", "number": ""})
    assert (patched.status_code, patched.json["status"], patched.json["number"]) == (200, "canceled", "PK-77")
    assert patched.json["persons"] == made["persons"]
    assert api.call("PATCH", url, json={"persons": [OMAR]}).status_code == 200
    assert names(cast.staff, BookingPerson) == ["Omar Farooq"]
    assert names(cast.staff) == ["Ali Khan", "Omar Farooq"]


def test_the_list_is_searched_and_filtered(cast: Cast, api: Client) -> None:
    add(api, persons=[ALI])
    add(api, number="", date="2027-01-02", status="pending", persons=[OMAR])
    assert [row["number"] for row in api.get("bookings/")["results"]] == ["B-0001", "PK-77"]
    for query in ("search=omar", "status=pending", "date_from=2027-01-01", "search=b-0001"):
        assert [row["number"] for row in api.get(f"bookings/?{query}")["results"]] == ["B-0001"], query
    assert [row["number"] for row in api.get("bookings/?date_to=2026-12-31")["results"]] == ["PK-77"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"date": None, "persons": [ALI]}, "date"),
        ({"date": "1999-12-31", "persons": [ALI]}, "date"),
        ({"date": "2026-02-30", "persons": [ALI]}, "date"),
        ({"persons": []}, "persons"),
        ({"persons": None}, "persons"),
        ({"persons": [ALI] * 101}, "persons"),
        ({"persons": [{"phone": "0812"}]}, "persons.0.name"),
        ({"persons": [ALI, {"name": "Sara", "email": "sara"}]}, "persons.1.email"),
        ({"persons": [{**ALI, "is_lead": True}, {**SARA, "is_lead": True}]}, "persons"),
        ({"persons": ["Ali"]}, "persons.0"),
        ({"persons": [ALI], "status": "lost"}, "status"),
        ({"persons": [ALI], "amount": "-1"}, "amount"),
        ({"persons": [ALI], "amount": "1.234,50"}, "amount"),
        ({"persons": [ALI], "amount": True}, "amount"),
        ({"persons": [ALI], "branch": 999_999}, "branch"),
        ({"persons": [ALI], "number": "N" * 41}, "number"),
        ({"persons": [ALI], "number": "taken"}, "number"),
    ],
)
def test_what_can_not_be_is_said(cast: Cast, api: Client, given: dict[str, Any], field: str) -> None:
    with cast.owner.acting():
        make_booking(number="TAKEN")
    answer: Any = api.post("bookings/", json={**GIVEN, **given})
    assert (answer.status_code, list(answer.json["errors"])) == (400, [field]), answer.text
    assert len(rows(cast.staff, Booking)) == 1


def test_the_same_key_makes_one_booking(cast: Cast, api: Client) -> None:
    for _ in range(2):
        answer = api.post("bookings/", json={**GIVEN, "persons": [ALI]}, headers={"Idempotency-Key": "one"})
        assert answer.status_code == 201
    assert one(cast.staff, Booking).number == "PK-77"
