"""What programs send in other spellings than ours is taken where it can mean one thing alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.factories import Cast, make_customer

PERSON = {"name": "Siti", "phone": None, "email": None, "passport_number": None}
TEXTS: dict[str, dict[str, Any]] = {
    "/api/customers/": {**PERSON, "address": None, "city": None, "notes": None, "source": None, "service_type": None},
    "/api/customers/manual-add/": {"full_name": "Siti", "phone": None, "email": None, "city": None, "source": None},
    "/api/leads/": {"name": "Siti", "contact_number": None, "email": None, "source": None, "notes": None},
    "/api/area-customers/": {**PERSON, "area": None},
    "/api/bookings/": {"date": "2026-12-24", "number": None, "persons": [{**PERSON, "is_lead": True}]},
}


@pytest.fixture
def customer(cast: Cast) -> int:
    with cast.owner.acting():
        return make_customer(name="Siti Rahma", phone="0812 3456 7890", notes="VIP")


def ask(cast: Cast, method: str, url: str, body: Any = None, **options: Any) -> TestResponse:
    client = cast.owner.app.test_client()
    return client.open(url, method=method, json=body, headers=cast.owner.token(), **options)


@pytest.mark.parametrize(("url", "body"), TEXTS.items(), ids=TEXTS)
def test_null_in_a_text_that_is_not_required_is_an_empty_text(cast: Cast, url: str, body: dict[str, Any]) -> None:
    made = ask(cast, "POST", url, body)
    assert made.status_code == 201, made.get_json()
    if not url.endswith("manual-add/"):
        row = f"{url}{made.get_json()['id']}/"
        optional = {name: None for name, value in body.items() if value is None}
        assert ask(cast, "PATCH", row, optional).status_code == 200
        assert ask(cast, "PUT", row, body).status_code == 200


def test_null_empties_a_field_and_only_what_is_required_is_said_to_be(cast: Cast, customer: int) -> None:
    url = f"/api/customers/{customer}/"
    changed = ask(cast, "PATCH", url, {"phone": None, "notes": None}).get_json()
    assert (changed["phone"], changed["notes"]) == ("", "")
    refused = ask(cast, "PUT", url, {"name": None})
    assert (refused.status_code, refused.get_json()["detail"]) == (400, "Name is required")
    told = ask(cast, "PATCH", url, {"is_active": None})
    assert (told.status_code, "required" in told.get_json()["detail"]) == (400, False)


def test_what_is_read_can_be_put_back(cast: Cast, customer: int) -> None:
    url = f"/api/customers/{customer}/"
    before = ask(cast, "GET", url).get_json()
    collected = ask(cast, "GET", "/api/customers/auto-collection/").get_json()["customers"]
    for row in (before, *collected):
        answer = ask(cast, "PUT", f"/api/customers/{row['id']}/", row)
        assert answer.status_code == 200, answer.get_json()
    after = ask(cast, "GET", url).get_json()
    kept = ("name", "phone", "email", "notes", "service_type", "source")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


@pytest.mark.parametrize(
    "query",
    ["is_active=1", "is_active=", "loyalty_level=Bronze", "loyalty_level=BRONZE", "ordering=&loyalty_level="],
)
def test_a_list_takes_the_spellings_of_forms_and_answers(cast: Cast, customer: int, query: str) -> None:
    found = ask(cast, "GET", f"/api/customers/?{query}")
    assert (found.status_code, found.get_json()["count"]) == (200, 1)


@pytest.mark.parametrize("query", ["is_active=2", "loyalty_level=diamond", "ordering=x", "is_active=yes"])
def test_a_list_refuses_what_it_does_not_know(cast: Cast, customer: int, query: str) -> None:
    assert ask(cast, "GET", f"/api/customers/?{query}").status_code == 400


def test_a_phone_may_be_a_number_and_an_offset_have_no_colon(cast: Cast) -> None:
    body = {"full_name": "Siti", "phone": 6281234567890, "last_activity": "2026-01-02T09:00:00+0700"}
    made = ask(cast, "POST", "/api/customers/manual-add/", body).get_json()
    assert (made["phone"], made["last_activity"]) == ("+6281234567890", "2026-01-02T02:00:00Z")


def test_a_byte_order_mark_before_json_is_passed_over(cast: Cast) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"name": "Siti"}).encode()
    made = ask(cast, "POST", "/api/customers/", data=body, content_type="application/json")
    assert (made.status_code, made.get_json()["name"]) == (201, "Siti")
