"""What is no proper request, what is sent twice, and what is sent too often."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.api import services
from crm.api.models import GivenAnswer
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from tests.api.conftest import Client
from tests.factories import FILL, Cast, Person, make_customer, make_message, make_points_entry, make_receipt

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

JSON = {"Content-Type": "application/json"}


def count(person: Person) -> int:
    with person.acting():
        return db.session.scalars(sa.select(sa.func.count(Customer.id))).one()


BODIES: dict[str, tuple[bytes, dict[str, str], int]] = {
    "nothing": (b"", JSON, 400),
    "cut off": (b'{"name": "Ja', JSON, 400),
    "no JSON": (b"name=Jane", JSON, 400),
    "too deep": (b"[" * 100_000 + b"]" * 100_000, JSON, 400),
    "deep objects": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, JSON, 400),
    "NaN": (b'{"name": NaN}', JSON, 400),
    "no UTF-8": (b'{"name": "\xff\xfe"}', JSON, 400),
    "UTF-16": ('{"name": "Jane"}'.encode("utf-16"), JSON, 400),
    "said to be UTF-16": (b'{"name": "Jane"}', {"Content-Type": "application/json; charset=utf-16"}, 400),
    "half a pair": (b'{"name": "\\ud800"}', JSON, 400),
    "a number of 5,000 digits": (b'{"name": ' + b"9" * 5_000 + b"}", JSON, 400),
    "a list": (b"[]", JSON, 400),
    "a text": (b'"Jane"', JSON, 400),
    "null": (b"null", JSON, 400),
    "a number for a name": (b'{"name": 5}', JSON, 400),
    "a list for a name": (b'{"name": ["Jane"]}', JSON, 400),
    "null for a name": (b'{"name": null}', JSON, 400),
    "a text for yes": (b'{"name": "Jane", "is_active": "true"}', JSON, 400),
    "a one for yes": (b'{"name": "Jane", "is_active": 1}', JSON, 400),
    "a huge branch": (b'{"name": "Jane", "branch": 1' + b"0" * 40 + b"}", JSON, 400),
    "an infinite branch": (b'{"name": "Jane", "branch": 1e400}', JSON, 400),
    "a negative branch": (b'{"name": "Jane", "branch": -1}', JSON, 400),
    "a form": (b"name=Jane", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "no type": (b'{"name": "Jane"}', {}, 415),
    "XML": (b"<name>Jane</name>", {"Content-Type": "application/xml"}, 415),
    "5 MB": (b'{"name": "' + b"x" * 5_000_000 + b'"}', JSON, 413),
}


@only_sqlite
def test_what_is_no_request_is_refused_with_a_sentence(cast: Cast, api: Client) -> None:
    for name, (body, headers, status) in BODIES.items():
        for key in ({}, {"Idempotency-Key": f"key-{len(body)}"}):
            response = api.post("customers/", data=body, headers={**headers, **key})
            said: Any = response.json
            assert (response.status_code, response.mimetype) == (status, "application/problem+json"), name
            assert said["error"], name
            assert not re.search("invalid|not a valid|must be", said["error"], re.IGNORECASE), name
            assert said["status"] == status
    assert count(cast.owner) == 0


@only_sqlite
def test_nul_and_marks_of_direction_are_taken_out(api: Client) -> None:
    made = api.make(name="Ja\0ne\u202e", notes="one\0\r\ntwo", phone="0812\0 3456 7890")
    assert (made["name"], made["notes"], made["phone"]) == ("Jane", "one\ntwo", "+6281234567890")


@only_sqlite
def test_a_method_that_is_not_there_is_told_which_are(api: Client) -> None:
    made = api.make()
    for path, methods in (
        ("customers/", {"GET", "POST"}),
        (f"customers/{made['id']}/", {"GET", "PUT", "PATCH", "DELETE"}),
    ):
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - methods:
            response = api.call(method, path)
            assert (response.status_code, response.mimetype) == (405, "application/problem+json")
            assert methods <= set(response.headers["Allow"].split(", "))


@only_sqlite
def test_addresses_of_nothing_are_problems_too(api: Client) -> None:
    for path in (
        "nothing/",
        "customers/0/",
        "customers/-1/",
        f"customers/{'9' * 30}/",
        "customers/abc/",
        "customers/%00/",
    ):
        response = api.call("GET", path)
        assert (response.status_code, response.mimetype) == (404, "application/problem+json"), path


def test_the_same_key_does_it_once_and_answers_the_same(cast: Cast, api: Client) -> None:
    key = {"Idempotency-Key": "a-key-1"}
    first = api.post("customers/", json={"name": "Jane"}, headers=key)
    again = api.post("customers/", json={"name": "Jane"}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    other = api.post("customers/", json={"name": "John"}, headers=key)
    assert (other.status_code, other.mimetype) == (422, "application/problem+json")
    elsewhere = api.post("customers/bulk_update/", json={"name": "Jane"}, headers=key)
    assert elsewhere.status_code == 422
    assert count(cast.owner) == 1
    url = f"customers/{first.json['id']}/update_points/"  # type: ignore[index]
    for _ in range(3):
        response = api.post(url, json={"points": 50}, headers={"Idempotency-Key": "a-key-2"})
        assert response.json["loyalty_points"] == 50  # type: ignore[index]


@only_sqlite
def test_a_key_is_its_users_own(cast: Cast, client_of: Callable[[Person], Client]) -> None:
    for person in (cast.staff, cast.manager, cast.stranger):
        response = client_of(person).post("customers/", json={"name": "Jane"}, headers={"Idempotency-Key": "k"})
        assert response.status_code == 201
    assert count(cast.owner) == 2


@only_sqlite
def test_a_key_of_a_refused_request_is_as_good_as_new(cast: Cast, api: Client) -> None:
    key = {"Idempotency-Key": "a-key"}
    assert api.post("customers/", json={"name": ""}, headers=key).status_code == 400
    assert api.post("customers/", json={"name": "Jane"}, headers=key).status_code == 201
    for bad in ("", "x" * 256, "with space"):
        assert api.post("customers/", json={"name": "Jane"}, headers={"Idempotency-Key": bad}).status_code == 400
    assert count(cast.owner) == 1


@only_sqlite
def test_answers_are_kept_for_a_day(cast: Cast, api: Client) -> None:
    for number in range(3):
        api.post("customers/", json={"name": "Jane"}, headers={"Idempotency-Key": f"key-{number}"})
    with cast.owner.acting(), transaction() as session:
        session.execute(
            sa.update(GivenAnswer).where(GivenAnswer.key != "key-2").values(created_at=sa.text("'2020-01-01 00:00:00'"))
        )
    api.post("customers/", json={"name": "Jane"}, headers={"Idempotency-Key": "key-0"})
    with cast.owner.acting():
        assert set(db.session.scalars(sa.select(GivenAnswer.key))) == {"key-0", "key-2"}
    assert count(cast.owner) == 4


def test_twenty_at_once_with_one_key_make_one_customer(app: Flask, cast: Cast, api: Client) -> None:
    answers: list[tuple[int, Any]] = []
    ready = threading.Barrier(20)

    def send() -> None:
        ready.wait()
        response = api.post("customers/", json={"name": "Jane"}, headers={"Idempotency-Key": "at once"[:2]})
        answers.append((response.status_code, response.json))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 20
    made = [json.dumps(said) for status, said in answers if status == 201]
    assert made
    assert len(set(made)) == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert count(cast.owner) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_key_whose_request_is_under_way_is_a_conflict(
    cast: Cast, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on = threading.Event(), threading.Event()
    clear = services._clear

    def wait() -> None:
        entered.set()
        go_on.wait(30)
        clear()

    monkeypatch.setattr(services, "_clear", wait)
    key = {"Idempotency-Key": "slow"}
    answers: list[int] = []
    first = threading.Thread(
        target=lambda: answers.append(api.post("customers/", json={"name": "Jane"}, headers=key).status_code)
    )
    first.start()
    assert entered.wait(30)
    assert api.post("customers/", json={"name": "Jane"}, headers=key).status_code == 409
    go_on.set()
    first.join()
    assert answers == [201]
    assert api.post("customers/", json={"name": "Jane"}, headers=key).status_code == 201
    assert count(cast.owner) == 1


@only_sqlite
def test_too_many_requests_are_told_to_wait(
    app: Flask, cast: Cast, api: Client, client_of: Callable[[Person], Client]
) -> None:
    app.config["API_REQUESTS_PER_MINUTE"] = 3
    for _ in range(3):
        assert api.call("GET", "customers/").status_code == 200
    response = api.call("GET", "customers/")
    assert (response.status_code, response.mimetype) == (429, "application/problem+json")
    assert 0 < int(response.headers["Retry-After"]) <= 61
    assert client_of(cast.manager).call("GET", "customers/").status_code == 200


@only_sqlite
def test_no_answer_tells_of_another_organization(
    app: Flask, cast: Cast, client_of: Callable[[Person], Client], client: FlaskClient
) -> None:
    """Both have something of everything; what one reads has nothing of the other."""
    for person in (cast.owner, cast.stranger):
        with person.acting():
            for make in FILL.values():
                make()
            customer = make_customer(name=f"Mark {person.username}", phone=f"0812 3456 78{person.organization_id}0")
            make_points_entry(customer)
            make_message(customer_id=customer, body=f"Mark {person.username}")
            make_receipt(customer_id=customer)
    lists = [path for path in client.get("/api/openapi.json").json["paths"] if "{" not in path]  # type: ignore[index]
    assert len(lists) >= 4
    for person, other in ((cast.owner, cast.stranger), (cast.stranger, cast.owner)):
        api = client_of(person)
        with person.acting():
            mine = list(db.session.scalars(sa.select(Customer.id)))
        below = [f"/api/customers/{id_}/{part}" for id_ in mine for part in ("", "points/", "invoices/", "messages/")]
        for path in (*lists, *below):
            response = api.call("GET", path.removeprefix("/api/") + "?page_size=100&search=mark")
            assert f"Mark {other.username}" not in response.text, path
            assert f'"organization":{other.organization_id},' not in response.text.replace(" ", ""), path
            if response.status_code == 200:
                continue
            assert response.status_code == 405, path  # what is only posted


@only_sqlite
def test_problems_come_in_the_order_of_the_fields(app: Flask, cast: Cast) -> None:
    sent = {"address": "x" * 600, "email": "bad", "name": "Siti", "notes": 5}
    answer = app.test_client().post("/api/customers/", json=sent, headers=cast.staff.token())
    assert answer.status_code == 400
    assert list(answer.json["errors"]) == ["email", "address", "notes"]
    assert answer.json["error"] == answer.json["errors"]["email"][0]
