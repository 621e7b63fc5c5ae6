"""The review queue and its pages: who sees what, in which order, and how two customers get there."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer
from crm.customers.services import create_customer
from crm.duplicates.queries import PAGE_SIZE
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from tests.factories import Cast, make_branch, make_customer, make_duplicate

HTMX = {"HX-Request": "true"}


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


def entries(page: str) -> list[int]:
    return [int(id_) for id_ in re.findall(r'<tr id="duplicate-(\d+)"', page)]


def test_an_empty_queue_says_what_it_is_for(staff: FlaskClient) -> None:
    assert "No duplicates to review" in staff.get("/duplicates").text
    assert "Nothing merged yet" in staff.get("/duplicates?show=merged").text
    assert "may be the same person" not in staff.get("/").text


def test_the_newest_stand_first_in_pages(cast: Cast, staff: FlaskClient) -> None:
    with cast.staff.acting():
        customer = make_customer(name="Sari")
        made = [make_duplicate(customer) for _ in range(PAGE_SIZE + 3)]

    page = staff.get("/duplicates").text
    assert entries(page) == made[:2:-1]
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older is not None
    assert entries(staff.get(older[1]).text) == made[2::-1]
    assert f"{PAGE_SIZE + 3} pairs of customers may be the same person" in staff.get("/").text
    fragment = staff.get("/duplicates", headers=HTMX).text
    assert fragment.startswith('<section id="duplicates"')


def test_why_two_stand_there_is_said_in_words(cast: Cast, staff: FlaskClient) -> None:
    with cast.staff.acting():
        create_customer({"name": "Ibu Sari", "phone": "0812 1111 2222", "passport_number": "A1234567"})
        create_customer({"name": "Budi", "phone": "0812 1111 2222"}, another_person=True)
        entry = db.session.scalars(sa.select(Duplicate.id)).one()

    said = "Same phone number, but different names: people in a family may share it."
    assert said in staff.get("/duplicates").text
    page = staff.get(f"/duplicates/{entry}").text
    advice = "Probably two people. We suggest keeping them apart."
    assert (said in page, advice in page, "0812-1111-2222" in page) == (True,) * 3
    agreements = dict(re.findall(r'data-agreement="(\w+)">\s*<th scope="row" id="take-(\w+)"', page))
    assert {name: how for how, name in re.findall(r'data-agreement="(\w+)">\s*<th scope="row" id="take-(\w+)"', page)}[
        "passport_number"
    ] == "one"
    assert {"same", "different", "one"} <= set(agreements)


def test_a_blank_never_wins_and_consent_is_the_stricter(cast: Cast, staff: FlaskClient) -> None:
    with cast.staff.acting():
        first = make_customer(name="Sari", city="Bandung", whatsapp_allowed=True)
        second = make_customer(name="Siti", city="", notes="Likes cake", whatsapp_allowed=False)
        entry = make_duplicate(first, second)

    for keep in (first, second):
        page = staff.get(f"/duplicates/{entry}?keep={keep}").text
        checked = dict(re.findall(r'name="take_(\w+)" value="(\d+)" checked', page))
        assert (checked["city"], checked["notes"]) == (str(first), str(second))
        assert checked["whatsapp_allowed"] == str(second)
        assert checked["name"] == str(keep)
        assert f'name="keep" value="{keep}"' in page


def test_two_customers_of_the_list_are_compared(cast: Cast, staff: FlaskClient) -> None:
    with cast.staff.acting():
        first, second, third = (make_customer(name=name) for name in ("Sari", "Siti", "Budi"))

    assert 'formaction="/duplicates/new"' in staff.get("/").text
    answer = staff.post("/duplicates/new", data={"ids": [first, second]})
    assert answer.status_code == 303
    assert staff.post("/duplicates/new", data={"ids": [second, first]}).location == answer.location
    assert "Picked from the list of customers." in staff.get(answer.location).text
    for data in ({}, {"ids": [first]}, {"ids": [first, second, third]}, {"all": "1"}, {"ids": [first, first]}):
        wrong = staff.post("/duplicates/new", data=data)
        assert (wrong.status_code, "Select exactly two customers" in wrong.text) == (422, True)
    fragment = staff.post("/duplicates/new", data={"ids": [first]}, headers=HTMX)
    assert (fragment.status_code, "toast" in fragment.text) == (422, True)
    led = staff.post("/duplicates/new", data={"ids": [first, second]}, headers=HTMX)
    assert led.headers["HX-Redirect"] == answer.location
    assert staff.post("/duplicates/new", data={"ids": [first, 999_999]}).status_code == 404


def test_the_customers_page_says_who_they_may_be_and_who_went_up_in_them(cast: Cast, staff: FlaskClient) -> None:
    with cast.staff.acting():
        first, second = make_customer(name="Sari"), make_customer(name="Siti")
        entry = make_duplicate(first, second)

    for one, other in ((first, "Siti"), (second, "Sari")):
        page = staff.get(f"/customers/{one}").text
        assert re.search(rf'May be the same person as <a href="/customers/\d+" dir="auto">{other}</a>', page)
    staff.post(f"/duplicates/{entry}", data={"action": "merge", "keep": first})
    page = staff.get(f"/customers/{first}").text
    assert "May be the same person" not in page
    assert re.search(r'Merged with <a href="/duplicates/\d+" dir="auto">Siti</a>', page)
    assert f'action="/duplicates/{entry}/undo"' in page
    assert entries(staff.get("/duplicates?show=merged").text) == [entry]


def test_a_viewer_reads_and_decides_nothing(cast: Cast) -> None:
    with cast.staff.acting():
        entry = make_duplicate()
    viewer = cast.viewer.client()

    page = viewer.get(f"/duplicates/{entry}").text
    assert 'type="radio"' not in page
    assert 'value="merge"' not in page
    assert viewer.post(f"/duplicates/{entry}", data={"action": "separate"}).status_code == 403
    assert viewer.post(f"/duplicates/{entry}/undo").status_code == 403


@pytest.fixture
def bound(cast: Cast) -> tuple[int, int]:
    """Bind the staff to a branch, and return it and another one."""
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
        return ours, theirs


def test_an_entry_with_somebody_of_another_branch_is_not_there(
    app: Flask, cast: Cast, staff: FlaskClient, bound: tuple[int, int]
) -> None:
    ours, theirs = bound
    with cast.owner.acting():
        our_customer = make_customer(name="Sari", branch_id=ours)
        entry = make_duplicate(our_customer, make_customer(name="Budi of another", branch_id=theirs))

    assert staff.get(f"/duplicates/{entry}").status_code == 404
    assert entries(staff.get("/duplicates").text) == []
    for address in ("/", f"/customers/{our_customer}"):
        assert "the same person" not in staff.get(address).text.replace("Compare / merge", "")
    assert staff.post(f"/duplicates/{entry}", data={"action": "merge", "keep": our_customer}).status_code == 404


def test_those_of_a_branch_are_merged_and_taken_apart_by_its_staff(
    cast: Cast, staff: FlaskClient, bound: tuple[int, int]
) -> None:
    ours, theirs = bound
    with cast.owner.acting():
        first, second = (make_customer(name=name, branch_id=ours) for name in ("Sari", "Siti"))
        entry = make_duplicate(first, second)
        make_duplicate(second, make_customer(name="Budi", branch_id=theirs))

    assert staff.post(f"/duplicates/{entry}", data={"action": "merge", "keep": first}).status_code == 303
    with cast.owner.acting():
        pairs = set(db.session.execute(sa.select(Duplicate.first_id, Duplicate.decision)))
        assert pairs == {(first, "merged"), (first, "open")}
    assert staff.get(f"/customers/{second}").location == f"/customers/{first}"
    assert entries(staff.get("/duplicates?show=merged").text) == [entry]
    assert "Undo" in staff.get(f"/customers/{first}").text
    assert staff.post(f"/duplicates/{entry}/undo").status_code == 303
    with cast.owner.acting():
        assert db.session.get_one(Customer, second).branch_id == ours
