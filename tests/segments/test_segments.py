"""Segments: saved filters, whom they match now, and what is said of those that match nobody any more."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.branches import delete as delete_branch
from crm.accounts.models import Membership, Organization
from crm.customers.filters import Filters
from crm.customers.models import Customer
from crm.customers.queries import page_of
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.rewards.services import use
from crm.segments.audience import audience_of
from crm.segments.models import Segment
from crm.values import clock
from tests.factories import (
    Cast,
    Person,
    make_branch,
    make_customer,
    make_invoice,
    make_segment,
    make_visit,
    make_voucher,
)

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HTMX = {"HX-Request": "true"}


def api(person: Person, method: str, path: str, **options: Any) -> Any:
    return person.app.test_client().open(f"/api/segments/{path}", method=method, headers=person.token(), **options)


def ids(cast: Cast, **query: str) -> set[int]:
    """Return whom a query matches, and see that the list says the same."""
    with cast.owner.acting():
        audience = audience_of(query)
        assert not audience.problem
        found = set(db.session.scalars(sa.select(Customer.id).where(*audience.conditions())))
        assert found == {row.id for row in page_of(Filters.from_args(query)).rows}
        assert audience.count() == len(found)
        return found


def test_a_filter_is_saved_from_the_list_and_matches_who_comes_later(cast: Cast) -> None:
    client = cast.staff.client()
    with cast.owner.acting():
        make_customer(name="Ani", city="Bandung")
        make_customer(name="Budi", city="Bogor")
    assert "/segments/new?city=Bandung" in client.get("/?city=Bandung").text
    window = client.get("/segments/new?city=Bandung", headers=HTMX).text
    assert 'name="city" value="Bandung"' in window
    assert 'value="Bandung"' in window.partition('id="name"')[2][:200]
    answer = client.post("/segments", data={"name": "In Bandung", "city": "bandung", "sort": "name", "page": "2"})
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "1 customer" in page
    assert 'href="/?city=bandung#results"' in page
    with cast.owner.acting():
        make_customer(name="Citra", city="Bandung")
        assert db.session.scalars(sa.select(Segment)).one().query == {"city": "bandung"}
    assert "2 customers" in client.get(answer.location).text
    assert "In Bandung" in client.get("/segments").text


@SQLITE
def test_the_same_key_saves_one_segment_and_a_name_is_given_once(cast: Cast) -> None:
    client, fields = cast.staff.client(), {"name": "Gold", "tier": "gold", "idempotency_key": "k1"}
    assert {client.post("/segments", data=fields).location for _twice in range(2)} == {"/segments/1"}
    taken = client.post("/segments", data={"name": "GOLD", "tier": "silver"})
    assert taken.status_code == 422
    assert "There is a segment “Gold”. Choose another name." in taken.text
    assert 'name="tier" value="silver"' in taken.text
    nameless = client.post("/segments", data={"name": " ", "tier": "silver"}, headers=HTMX)
    assert (nameless.status_code, "Enter a name for the segment." in nameless.text) == (422, True)


@SQLITE
def test_a_query_that_can_match_nobody_is_said_in_a_sentence(cast: Cast) -> None:
    wrong = {
        "tier=diamond": "There is no tier “diamond”.",
        "shoe_size=44": "There is no filter “shoe_size” any more.",
        "month=2": "The filter “month” needs “cohort” beside it.",
        "branch=999999": "The branch of this filter was deleted.",
        "away=0": "There is no number of days “0”.",
        "spent=much": "There is no amount “much”.",
    }
    for query, sentence in wrong.items():
        fields = dict(pair.split("=") for pair in query.split("&"))
        answer = cast.staff.client().post("/segments", data={"name": "Nobody", **fields})
        assert (answer.status_code, sentence in answer.text) == (422, True), query
        refused = api(cast.owner, "POST", "", json={"name": "Nobody", "query": fields})
        assert (refused.status_code, refused.json["errors"]) == (400, {"query": [sentence]}), query


@SQLITE
def test_a_segment_whose_branch_is_deleted_says_so_and_matches_nobody(cast: Cast) -> None:
    with cast.owner.acting():
        branch = make_branch("North")
        segment = make_segment(name="Northerners", query={"branch": str(branch)})
        delete_branch(branch)
        make_customer()
    page = cast.staff.client().get(f"/segments/{segment}").text
    assert "The branch of this filter was deleted." in page
    shown = api(cast.owner, "GET", f"{segment}/").json
    assert (shown["customers"], shown["problem"]) == (0, "The branch of this filter was deleted.")


@SQLITE
def test_whoever_sees_one_branch_saves_it_and_counts_it_alone(cast: Cast) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch("Ours"), make_branch("Theirs")
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
        for branch in (ours, theirs, theirs):
            make_customer(city="Bandung", branch_id=branch)
        everywhere = make_segment(query={"city": "Bandung"})
        other = make_segment(query={"city": "Bandung", "branch": str(theirs)})
    client = cast.staff.client()
    assert "1 customer" in client.get(f"/segments/{everywhere}").text
    assert "It is about another branch than yours." in client.get(f"/segments/{other}").text
    location = client.post("/segments", data={"name": "Mine", "city": "Bandung"}).location
    assert "1 customer" in cast.owner.client().get(location).text
    assert "3 customers" in cast.owner.client().get(f"/segments/{everywhere}").text


def test_the_api_saves_reads_changes_and_deletes(cast: Cast) -> None:
    with cast.owner.acting():
        make_customer(city="Bandung")
    made = api(cast.staff, "POST", "", json={"name": "Bandung", "query": {"city": "Bandung"}})
    assert made.status_code == 201
    assert (made.json["query"], made.json["customers"], made.json["problem"]) == ({"city": "Bandung"}, 1, "")
    path = f"{made.json['id']}/"
    assert api(cast.viewer, "POST", "", json={"name": "Mine", "query": {}}).status_code == 403
    assert api(cast.viewer, "GET", path).json == made.json
    assert [row["name"] for row in api(cast.viewer, "GET", "").json["results"]] == ["Bandung"]
    changed = api(cast.staff, "PATCH", path, json={"name": "Everyone", "query": {}})
    assert (changed.json["name"], changed.json["query"], changed.json["customers"]) == ("Everyone", {}, 1)
    for wrong in ("Bandung", ["city"], {"city": True}, {"city": "x" * 201}):
        assert api(cast.staff, "PATCH", path, json={"query": wrong}).status_code == 400
    assert api(cast.stranger, "GET", path).status_code == 404
    assert api(cast.staff, "DELETE", path).status_code == 204
    assert api(cast.staff, "GET", path).status_code == 404


@SQLITE
def test_it_is_renamed_and_deleted_on_its_page(cast: Cast) -> None:
    with cast.owner.acting():
        make_segment(name="Regulars")
        segment = make_segment(name="Gold", query={"tier": "gold"})
    client = cast.staff.client()
    assert client.post(f"/segments/{segment}/edit", data={"name": "regulars"}).status_code == 422
    assert client.post(f"/segments/{segment}/edit", data={"name": "Golden"}).status_code == 303
    assert "Golden" in client.get(f"/segments/{segment}").text
    assert "Golden" in client.get("/palette?q=gold").text
    assert client.post(f"/segments/{segment}/delete").status_code == 303
    assert client.get(f"/segments/{segment}").status_code == 404
    assert cast.viewer.client().post("/segments", data={"name": "Mine"}).status_code == 403


def test_filters_by_absence_birthday_spending_and_vouchers(app: Flask, cast: Cast) -> None:
    now = clock.utcnow()
    with cast.owner.acting():
        bought, came, back, new = (make_customer(birthday=day) for day in ("1990-02-14", "02-29", "03-01", ""))
        for customer, days in ((bought, 61), (came, 200), (back, 90)):
            make_invoice(customer)
            with transaction() as session:
                session.get_one(Customer, customer).last_order_at = now - dt.timedelta(days=days)
        with transaction() as session:
            session.get_one(Customer, came).checked_in_at = now - dt.timedelta(days=70)
        make_visit(back)
        used = make_voucher(new)
        make_voucher(back)
        use(used)
    assert ids(cast, away="60") == {bought, came}
    assert ids(cast, away="65") == {came}
    assert ids(cast, away="100") == set()
    assert ids(cast, birthday="02") == {bought, came}
    assert ids(cast, birthday="12") == set()
    assert ids(cast, spent="150000") == {bought, came, back}
    assert ids(cast, spent="150.001") == set()
    assert ids(cast, voucher="used") == {new}
    assert ids(cast, voucher="issued") == {back}
    assert ids(cast, voucher="issued", away="30") == set()
    shown = cast.viewer.client().get("/?away=45&birthday=02").text
    assert '<option value="45" selected>45 days</option>' in shown
    assert '<option value="02" selected>February</option>' in shown
    assert "Save as segment" not in shown


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_many_at_once_give_a_name_once(cast: Cast) -> None:
    with cast.owner.acting():
        others = [make_segment(f"Other {number}") for number in range(8)]
    clients = [cast.owner.client() for _each in others]

    def add(number: int) -> int:
        return clients[number].post("/segments", data={"name": "Gold", "tier": "gold"}).status_code

    def rename(number: int) -> int:
        return clients[number].post(f"/segments/{others[number]}/edit", data={"name": "Silver"}).status_code

    with ThreadPoolExecutor(len(others)) as pool:
        for verb in (add, rename):
            assert sorted(pool.map(verb, range(len(others)))) == [303] + [422] * (len(others) - 1)
