"""Bookings of people who are known: from their lead or customer, or found while they are typed."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.bookings.models import Booking, BookingPerson
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.leads.models import Lead
from tests.bookings.test_bookings import ALI, HTMX, OMAR, form, names, one, rows
from tests.factories import Cast, make_branch, make_customer, make_lead

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


def fields_of(page: str) -> dict[str, str]:
    """Return what the form on a page would send, as far as it has a value."""
    inputs = re.findall(r"<input[^>]*>", page[page.index('class="window"') :])
    found = {name[1]: value[1] for tag in inputs if (name := re.search(r'name="([^"]+)"', tag))
             and (value := re.search(r'value="([^"]*)"', tag)) and 'type="radio"' not in tag}  # fmt: skip
    return {name: value for name, value in found.items() if name != "csrf_token"}


def test_a_lead_is_booked_with_nothing_typed_again(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        lead = make_lead(**ALI)
    assert f'data-window href="/bookings/new?lead={lead}"' in staff.get(f"/leads/{lead}").text
    url = f"/bookings/new?lead={lead}"
    shown = fields_of(staff.get(url).text)
    assert {field: shown[f"persons-0-{field}"] for field in ALI} == {
        "name": "Ali Khan",
        "phone": "0812-3456-7890",
        "email": "ali@example.com",
        "passport_number": "AB1234567",
    }

    answer = staff.post(url, data={**shown, "service": "Umrah", "date": "2026-12-24", "date_until": "2027-01-02"})

    booking, found, customer = one(cast.staff, Booking), one(cast.staff, Lead), one(cast.staff, Customer)
    assert answer.location == f"/bookings/{booking.id}"
    assert (booking.lead_id, found.status, found.customer_id) == (lead, "converted", customer.id)
    assert one(cast.staff, BookingPerson).customer_id == customer.id
    page = staff.get(answer.location).text
    assert "Umrah" in page
    assert "24 Dec</time> \u2013 " in page
    assert "2 Jan 2027</time>" in page


def test_the_lead_stays_linked_whoever_travels(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        lead = make_lead(**ALI)
    staff.post(f"/bookings/new?lead={lead}", data=form(OMAR))
    found = one(cast.staff, Lead)
    assert (one(cast.staff, Booking).lead_id, found.status, found.name, found.phone) == (
        *(lead, "converted", "Ali Khan", "+6281234567890"),
    )
    assert names(cast.staff) == ["Ali Khan", "Omar Farooq"]


def test_a_customer_is_booked_and_stays_the_same(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        known = make_customer(name="Ali Khan", passport_number="AB1234567")
        make_customer(name="Ali Khan")
    assert f'href="/bookings/new?customer={known}"' in staff.get(f"/customers/{known}").text
    url = f"/bookings/new?customer={known}"
    page = staff.get(url).text
    assert "Known customer: <bdi>Ali Khan</bdi>" in page
    assert f'href="/customers/{known}"' in page, "Cancel leads back"
    # There is another Ali Khan, and the number is new: only the link says who it is.
    staff.post(url, data={**fields_of(page), "date": "2026-12-24", "persons-0-phone": "0855 5555 5555"})
    assert one(cast.staff, BookingPerson).customer_id == known
    assert len(rows(cast.staff, Customer)) == 2


def test_another_name_typed_over_a_known_customer_is_another_person(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        known = make_customer(name="Ali Khan")
    staff.post("/bookings/new", data=form({"name": "Omar Farooq", "customer": str(known)}))
    assert one(cast.staff, BookingPerson).customer_id not in (known, None)


def test_strangers_and_other_branches_are_not_found(cast: Cast, staff: FlaskClient) -> None:
    with cast.stranger.acting():
        customer, lead = make_customer(name="Ali Secret", phone="0812 9999 8888"), make_lead(name="Ali Secret")
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        hidden = make_customer(name="Ali Hidden", branch_id=theirs), make_lead(name="Ali Hidden", branch_id=theirs)
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
    for query in (f"customer={customer}", f"lead={lead}", f"customer={hidden[0]}", f"lead={hidden[1]}", "lead=abc"):
        assert staff.get(f"/bookings/new?{query}").status_code == 404, query
        assert staff.post(f"/bookings/new?{query}", data=form(OMAR)).status_code == 404, query
    found = staff.get("/bookings/known-customers?place=0&persons-0-name=Ali").text
    assert "Secret" not in found
    assert "Hidden" not in found
    for id_ in (customer, hidden[0]):
        chosen = staff.post("/bookings/new", data=form({"name": "Ali"}, choose_person=f"0-{id_}")).text
        assert "0812-9999-8888" not in chosen
    staff.post("/bookings/new", data=form({"name": "Ali Secret", "customer": str(customer)}))
    assert one(cast.staff, BookingPerson).customer_id != customer
    assert cast.viewer.client().get("/bookings/known-customers?place=0&persons-0-name=Ali").status_code == 403


def test_known_customers_are_found_while_a_guest_is_typed(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        ali = make_customer(name="Ali Khan", phone="0812 3456 7890", email="ali@example.com", passport_number="AB12")
        for _ in range(8):
            make_customer(name="Omar Farooq")

    def ask(**typed: str) -> str:
        query = {f"persons-3-{field}": value for field, value in typed.items()}
        return staff.get("/bookings/known-customers", query_string={"place": "3", **query}, headers=HTMX).text

    for typed in ({"name": "kha"}, {"name": "x", "phone": "0812 345"}, {"name": "Ali"}):
        found = ask(**typed)
        assert f'name="choose_person" value="3-{ali}"' in found, typed
        assert "0812-3456-7890" in found
    assert ask(name="omar").count("choose_person") == 6, "few enough to choose from"
    assert "choose_person" not in ask(name="k") + ask(name="nobody") + ask(phone="08")
    kept = ask(name="ali khan", customer=str(ali))
    assert f'name="persons-3-customer" value="{ali}"' in kept
    assert "persons-3-customer" not in ask(name="Ali Khan J", customer=str(ali)), "typing on unlinks"


def test_without_javascript_a_button_finds_and_another_fills_in(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        ali = make_customer(name="Ali Khan", phone="0812 3456 7890", email="ali@example.com", passport_number="AB12345")
    typed = form(OMAR, {"name": "khan"}, service="Umrah")
    found = staff.post("/bookings/new", data={**typed, "find_person": "1"})
    assert (found.status_code, f'value="1-{ali}"' in found.text) == (200, True)
    assert "No known customer matches." in staff.post("/bookings/new", data=form({"name": "zzz"}, find_person="0")).text

    page = staff.post("/bookings/new", data={**typed, "choose_person": f"1-{ali}"}).text

    shown = fields_of(page)
    assert (shown["persons-1-customer"], shown["persons-1-name"]) == (str(ali), "Ali Khan")
    assert (shown["persons-1-phone"], shown["persons-1-passport_number"]) == ("0812-3456-7890", "AB12345")
    assert (shown["persons-0-name"], shown["service"]) == ("Omar Farooq", "Umrah")
    assert staff.post("/bookings/new", data=shown).status_code == 303
    assert [person.customer_id for person in rows(cast.staff, BookingPerson)][1] == ali
