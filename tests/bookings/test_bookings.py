"""Bookings: from a booking to its lead and its customers, and whatever is changed of it afterwards."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts.models import Membership, Organization
from crm.bookings.models import Booking, BookingPerson
from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer
from crm.intake.sources import registered
from crm.kernel.columns import Base
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.leads.services import create_lead
from crm.values import clock
from tests.customers.test_timeline import lines
from tests.factories import Cast, Person, make_booking, make_branch, make_customer

Row = TypeVar("Row", bound=Base)
HTMX = {"HX-Request": "true"}
ALI = {"name": "Ali Khan", "phone": "0812 3456 7890", "email": "ALI@example.com", "passport_number": "ab-123 4567"}
SARA = {"name": "Sara Khan", "phone": "0812 3456 7890"}
OMAR = {"name": "Omar Farooq", "phone": "0813 1111 2222", "passport_number": "CD7654321"}


def rows(person: Person, model: type[Row]) -> list[Row]:
    with person.acting():
        return list(db.session.scalars(sa.select(model).order_by(sa.literal_column("id"))))


def one(person: Person, model: type[Row]) -> Row:
    (row,) = rows(person, model)
    return row


def names(person: Person, model: type[Any] = Customer) -> list[str]:
    return [row.name for row in rows(person, model)]


def form(*persons: dict[str, str], **fields: str) -> dict[str, str]:
    """Return the fields of the form."""
    parts = {f"persons-{at}-{name}": value for at, one in enumerate(persons) for name, value in one.items()}
    return {"date": "2026-12-24", **parts, **fields}


def with_ids(person: Person, *changed: dict[str, str]) -> list[dict[str, str]]:
    """Return the persons that are there, in the fields of the form, each with what is changed."""
    known = rows(person, BookingPerson)
    return [
        {
            "id": str(row.id),
            "name": row.name,
            "phone": row.phone,
            "email": row.email or "",
            "passport_number": row.passport_number,
            **(changed[at] if at < len(changed) else {}),
        }
        for at, row in enumerate(known)
    ]


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


def book(client: FlaskClient, *persons: dict[str, str], **fields: str) -> str:
    """Add a booking and return its address."""
    answer = client.post("/bookings/new", data=form(*persons, **fields))
    assert answer.status_code == 303, answer.text
    return answer.location


# From booking to lead to customer


def test_a_booking_makes_a_lead_that_is_converted_and_a_customer(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, number=" PK  77 ", amount="2.500.000", status="confirmed")

    booking, lead, customer = (one(cast.staff, model) for model in (Booking, Lead, Customer))  # type: ignore[type-var]
    assert (booking.number, booking.status, booking.amount, booking.lead_id) == (
        *("PK 77", "confirmed", 250_000_000, lead.id),
    )
    assert booking.date == dt.date(2026, 12, 24)
    assert (lead.name, lead.phone, lead.status, lead.customer_id) == (
        *("Ali Khan", "+6281234567890", "converted", customer.id),
    )
    assert (customer.name, customer.phone, customer.email, customer.passport_number, customer.source) == (
        *("Ali Khan", "+6281234567890", "ali@example.com", "AB1234567", "Booking"),
    )
    person = one(cast.staff, BookingPerson)
    assert (person.is_lead, person.customer_id, person.phone, person.email) == (
        *(True, customer.id, "+6281234567890", "ali@example.com"),
    )
    page = staff.get(address).text
    for words in (
        "Booking PK 77",
        "Confirmed",
        "Rp\u00a02.500.000",
        f'href="/customers/{customer.id}"',
    ):
        assert words in page
    assert "Booking PK 77 added, for 24 Dec" in lines(cast.staff, customer.id)[-1] + lines(cast.staff, customer.id)[0]


def test_the_lead_that_is_there_is_converted(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        lead_id = create_lead({"name": "Ali Khan", "phone": "+62 812 3456 7890"}).id

    book(staff, ALI)

    lead, customer = one(cast.staff, Lead), one(cast.staff, Customer)
    assert (lead.id, lead.status, lead.customer_id) == (lead_id, "converted", customer.id)
    assert one(cast.staff, Booking).lead_id == lead_id
    assert customer.email == "ali@example.com"


def test_somebody_who_is_a_customer_is_found_by_the_passport(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        known = make_customer(name="Ali Khan", phone="0855 5555 5555", passport_number="AB1234567")
    book(staff, {"name": "Ali Khan", "passport_number": "ab 1234567"})
    assert one(cast.staff, Customer).id == known == one(cast.staff, BookingPerson).customer_id


def test_a_family_on_one_phone_stays_a_family(cast: Cast, staff: FlaskClient) -> None:
    book(staff, ALI, SARA, lead_person="1")

    assert names(cast.staff) == ["Ali Khan", "Sara Khan"]
    assert [person.is_lead for person in rows(cast.staff, BookingPerson)] == [False, True]
    assert one(cast.staff, Lead).name == "Sara Khan"
    assert one(cast.staff, Duplicate).value == "+6281234567890"


def test_the_same_person_twice_is_one_customer(cast: Cast, staff: FlaskClient) -> None:
    book(staff, ALI, {"name": "ALI KHAN", "phone": "+62 812 3456 7890"})
    customer = one(cast.staff, Customer)
    assert [person.customer_id for person in rows(cast.staff, BookingPerson)] == [customer.id] * 2


def test_two_bookings_of_one_person_have_one_lead_and_one_customer(cast: Cast, staff: FlaskClient) -> None:
    book(staff, ALI)
    book(staff, {"name": "Ali Khan", "email": "ali@example.com"})
    lead = one(cast.staff, Lead)
    assert [booking.lead_id for booking in rows(cast.staff, Booking)] == [lead.id] * 2
    assert one(cast.staff, Customer).id == lead.customer_id


def test_a_hundred_persons_are_a_hundred_customers_and_one_more_is_refused(cast: Cast, staff: FlaskClient) -> None:
    many = [
        {"name": f"Pilgrim {chr(65 + n // 26)}{chr(65 + n % 26)}", "phone": f"0812 3456 {n:04}"} for n in range(101)
    ]
    answer = staff.post("/bookings/new", data=form(*many))
    assert answer.status_code == 422
    assert "A booking has 100 guests at most." in answer.text
    assert rows(cast.staff, Booking) == []
    address = book(staff, *many[:100])
    assert len({person.customer_id for person in rows(cast.staff, BookingPerson)}) == 100
    assert staff.get(address).text.count("Pilgrim") >= 100
    assert "and 99 others" in staff.get("/bookings").text


# Numbers


def test_numbers_are_given_one_after_the_other(cast: Cast, staff: FlaskClient) -> None:
    book(staff, ALI)
    book(staff, ALI, number="b-0002")
    book(staff, ALI)
    book(staff, ALI, number="UMRAH 5")
    book(staff, ALI)
    assert [booking.number for booking in rows(cast.staff, Booking)] == [
        *("B-0001", "b-0002", "B-0003", "UMRAH 5", "B-0004"),
    ]


def test_a_number_is_unique_whatever_its_case(cast: Cast, staff: FlaskClient) -> None:
    first = book(staff, ALI, number="Umrah-5")
    second = book(staff, OMAR)

    for url in ("/bookings/new", f"{second}/edit"):
        answer = staff.post(url, data=form(OMAR, number="UMRAH-5", idempotency_key="a"))
        assert answer.status_code == 422
        assert "There is a booking UMRAH-5 already." in answer.text
        assert "Omar Farooq" in answer.text
    assert staff.post(f"{first}/edit", data=form(ALI, number="UMRAH-5")).status_code == 303
    assert [booking.number for booking in rows(cast.staff, Booking)] == ["UMRAH-5", "B-0001"]
    theirs = cast.stranger.client().post("/bookings/new", data=form(ALI, number="UMRAH-5"))
    assert theirs.status_code == 303, "another organization has its own numbers"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_many_at_once_get_numbers_of_their_own(cast: Cast) -> None:
    def post(_: int) -> int:
        return cast.staff.client().post("/bookings/new", data=form(ALI)).status_code

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert set(pool.map(post, range(8))) == {303}
    assert sorted(booking.number for booking in rows(cast.staff, Booking)) == [f"B-{n:04}" for n in range(1, 9)]
    assert one(cast.staff, Customer).id == one(cast.staff, Lead).customer_id


def test_fifty_at_once_are_one(cast: Cast) -> None:
    data = form(ALI, SARA, idempotency_key="the same")

    def post(_: int) -> TestResponse:
        return cast.staff.client().post("/bookings/new", data=data)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, range(50)))
    booking = one(cast.staff, Booking)
    assert {answer.location for answer in answers} == {f"/bookings/{booking.id}"}
    assert names(cast.staff) == ["Ali Khan", "Sara Khan"]


def test_the_same_form_with_other_content_gets_a_new_key(cast: Cast, staff: FlaskClient) -> None:
    book(staff, ALI, idempotency_key="the same")
    answer = staff.post("/bookings/new", data=form(OMAR, idempotency_key="the same"))
    assert answer.status_code == 422
    assert "sent before with other content" in answer.text
    assert 'value="the same"' not in answer.text


# Editing


def test_persons_are_changed_added_and_taken_out(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, SARA)
    ali, _ = with_ids(cast.staff, {"name": "Ali Khan", "email": "new@example.com"})

    answer = staff.post(f"{address}/edit", data=form(ali, OMAR, lead_person="0"))

    assert answer.status_code == 303
    known = rows(cast.staff, BookingPerson)
    assert [(row.id, row.name) for row in known] == [(int(ali["id"]), "Ali Khan"), (known[1].id, "Omar Farooq")]
    customers = rows(cast.staff, Customer)
    assert [customer.name for customer in customers] == ["Ali Khan", "Sara Khan", "Omar Farooq"], "nobody is lost"
    assert [row.customer_id for row in known] == [customers[0].id, customers[2].id]
    told = [lines(cast.staff, customer.id)[0] for customer in customers]
    assert "Edited as a guest of a booking by staff E-mail from ali@example.com to new@example.com" in told[0]
    assert "Removed from a booking" in told[1]
    assert "Added to a booking" in " ".join(lines(cast.staff, customers[2].id))


def test_another_lead_person_is_another_lead(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, OMAR)
    staff.post(f"{address}/edit", data=form(*with_ids(cast.staff), lead_person="1"))
    assert names(cast.staff, Lead) == ["Ali Khan", "Omar Farooq"]
    booking, leads = one(cast.staff, Booking), rows(cast.staff, Lead)
    assert booking.lead_id == leads[1].id
    assert {lead.status for lead in leads} == {"converted"}


def test_somebody_written_over_another_person_is_another_customer(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, SARA)
    staff.post(f"{address}/edit", data=form(*with_ids(cast.staff, {}, {"name": "Yusuf Malik"})))
    assert names(cast.staff) == ["Ali Khan", "Sara Khan", "Yusuf Malik"]
    assert [row.customer_id for row in rows(cast.staff, BookingPerson)] == [
        customer.id for customer in rows(cast.staff, Customer) if customer.name != "Sara Khan"
    ]


def test_an_edit_that_changes_nothing_leaves_nothing(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, SARA, number="A1", amount="1500,50")
    before = one(cast.staff, Booking).updated_at, len(rows(cast.staff, Event))
    page = staff.get(f"{address}/edit").text
    assert 'value="1500.50"' in page
    data = form(*with_ids(cast.staff), number="A1", amount="1500.50", status="pending", lead_person="0")
    assert staff.post(f"{address}/edit", data=data).status_code == 303
    assert (one(cast.staff, Booking).updated_at, len(rows(cast.staff, Event))) == before


def test_what_is_changed_of_a_booking_is_told_to_everybody_in_it(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, SARA, amount="100")
    data = form(*with_ids(cast.staff), date="2026-12-31", amount="", status="confirmed", number="X1")
    staff.post(f"{address}/edit", data=data)
    for customer in rows(cast.staff, Customer):
        told = lines(cast.staff, customer.id)[0]
        for words in ("Number from B-0001 to X1", "Status from Pending to Confirmed", "Amount removed: Rp 100"):
            assert words in told


# Canceling


def test_cancel_keeps_lead_and_customers_and_is_undone(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, status="confirmed")

    page = staff.post(f"{address}/cancel", follow_redirects=True).text

    assert "Booking B-0001 canceled." in page
    assert one(cast.staff, Booking).status == "canceled"
    assert (one(cast.staff, Lead).status, names(cast.staff)) == ("converted", ["Ali Khan"])
    assert f'action="{address}/cancel/delete"' in page
    assert "Booking canceled" in lines(cast.staff, one(cast.staff, Customer).id)[0]

    undone = staff.post(f"{address}/cancel/delete", headers=HTMX)
    assert (undone.status_code, "Booking B-0001 reopened." in undone.text) == (200, True)
    assert one(cast.staff, Booking).status == "confirmed"


def test_cancel_and_its_undo_twice_change_nothing_more(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI)
    for verb in ("cancel", "cancel", "cancel/delete", "cancel/delete"):
        assert staff.post(f"{address}/{verb}").status_code == 303
    actions = [event.action for event in rows(cast.staff, Event) if event.action.startswith("booking.")]
    assert actions == ["booking.created", "booking.canceled", "booking.taken_up"]


def test_htmx_gets_the_booking_and_the_list_hears_of_it(cast: Cast, staff: FlaskClient) -> None:
    answer = staff.post("/bookings/new", data=form(ALI), headers=HTMX)
    assert (answer.status_code, "<html" in answer.text) == (200, False)
    assert "Booking B-0001 added." in answer.text
    assert "customersChanged" in answer.headers["HX-Trigger"]
    canceled = staff.post("/bookings/1/cancel", headers=HTMX)
    assert 'data-status="canceled"' in staff.get("/bookings/1", headers=HTMX).text
    assert "Undo" in canceled.text


# What can't be


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_can_not_be_is_said_and_nothing_typed_is_lost(
    cast: Cast, staff: FlaskClient, headers: dict[str, str]
) -> None:
    data = form({"name": "Ali <b>Khan", "email": "ali"}, {"phone": "ask"}, date="soon", amount="much", number="N" * 41)
    answer = staff.post("/bookings/new", data=data, headers=headers)
    assert answer.status_code == 422
    for words in (
        "There is a problem",
        "Enter the date of the booking, like 2026-11-20.",
        "Enter the amount in digits",
        "Shorten “Number” by 1 character",
        "Enter an e-mail address like name@example.com.",
        "Enter the guest's name.",
        'href="#persons-0-email"',
        'href="#persons-1-name"',
        "Ali &lt;b&gt;Khan",
        'value="ask"',
        'value="much"',
    ):
        assert words in answer.text.replace("&#39;", "'"), words
    assert rows(cast.staff, Booking) == []


@pytest.mark.parametrize("date", ["", "2026-02-30", "0206-01-01", "20261224", "2026-12-24T10:00", "\uff12026-12-24"])
def test_a_day_that_is_none_is_asked_for(cast: Cast, staff: FlaskClient, date: str) -> None:
    answer = staff.post("/bookings/new", data=form(ALI, date=date))
    assert (answer.status_code, "Enter the date of the booking" in answer.text) == (422, True)


@pytest.mark.parametrize("amount", ["-5", "NaN", "1e309", "1.234.567.890.123", "USD 5", "5.001,999"])
def test_an_amount_that_is_none_is_refused(cast: Cast, staff: FlaskClient, amount: str) -> None:
    answer = staff.post("/bookings/new", data=form(ALI, amount=amount))
    assert (answer.status_code, "Enter " in answer.text) == (422, True)


@pytest.mark.parametrize("amount", ["", "0", "0,00", "00"])
def test_nothing_charged_is_fine(cast: Cast, staff: FlaskClient, amount: str) -> None:
    book(staff, ALI, amount=amount)
    assert one(cast.staff, Booking).amount == 0


def test_nobody_at_all_is_asked_for_the_lead_person(cast: Cast, staff: FlaskClient) -> None:
    for data in ({"date": "2026-12-24"}, form({"name": " "}, {"name": ""})):
        answer = staff.post("/bookings/new", data=data)
        assert answer.status_code == 422
        assert "Enter the name of the main contact." in answer.text


def test_empty_persons_are_nobody_and_the_first_one_is_the_lead_then(cast: Cast, staff: FlaskClient) -> None:
    book(staff, {"name": ""}, OMAR, {"phone": " "}, ALI, lead_person="0")
    known = rows(cast.staff, BookingPerson)
    assert [(row.name, row.is_lead) for row in known] == [("Omar Farooq", True), ("Ali Khan", False)]


@pytest.mark.parametrize("given", [{"lead_person": "99"}, {"lead_person": "x"}, {"status": "lost"}, {"branch": "999"}])
def test_choices_that_are_none(cast: Cast, staff: FlaskClient, given: dict[str, str]) -> None:
    answer = staff.post("/bookings/new", data=form(ALI, **given))
    assert answer.status_code == (303 if "lead_person" in given else 422)


def test_a_person_of_another_booking_is_nobody_here(cast: Cast, staff: FlaskClient) -> None:
    book(staff, ALI)
    (ali,) = with_ids(cast.staff)
    book(staff, {**OMAR, "id": ali["id"]})
    assert names(cast.staff, BookingPerson) == ["Ali Khan", "Omar Farooq"]


# Persons without JavaScript


def test_another_person_is_added_with_everything_typed_kept(cast: Cast, staff: FlaskClient) -> None:
    page = staff.get("/bookings/new").text
    assert page.count("<legend>Guest") == 1
    typed = form({**ALI, "email": "not an address"}, amount="much", date="", idempotency_key="key", add_person="1")

    more = staff.post("/bookings/new", data=typed)

    assert more.status_code == 200
    assert more.text.count("<legend>Guest") == 2
    for words in ('value="Ali Khan"', 'value="not an address"', 'value="much"', 'name="persons-1-name"', 'value="key"'):
        assert words in more.text
    assert "There is a problem" not in more.text
    assert rows(cast.staff, Booking) == []


def test_a_person_is_removed_and_the_others_stay(cast: Cast, staff: FlaskClient) -> None:
    typed = form(ALI, SARA, OMAR, lead_person="2", remove_person="1")
    page = staff.post("/bookings/new", data=typed)
    assert page.status_code == 200
    assert "Sara Khan" not in page.text
    assert 'name="persons-2-name"' in page.text
    assert 'value="2" checked' in page.text
    gone = {name: value for name, value in typed.items() if "-1-" not in name and name != "remove_person"}
    assert staff.post("/bookings/new", data=gone).status_code == 303
    assert [row.is_lead for row in rows(cast.staff, BookingPerson)] == [False, True]


def test_names_of_fields_that_are_none_are_no_persons(cast: Cast, staff: FlaskClient) -> None:
    odd = {f"persons-{place}-name": "X" for place in ("\u00b2", "-1", "x", "", "9" * 5_000)}
    book(staff, ALI, **odd)
    assert names(cast.staff, BookingPerson) == ["Ali Khan"]


@pytest.mark.parametrize("place", ["0", "7", "x", ""])
def test_the_last_person_is_not_removed_for_nothing(staff: FlaskClient, place: str) -> None:
    page = staff.post("/bookings/new", data=form(ALI, remove_person=place))
    assert (page.status_code, page.text.count("<legend>Guest")) == (200, 1)


def test_an_edit_can_have_another_person_too(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI)
    page = staff.post(f"{address}/edit", data=form(*with_ids(cast.staff), add_person="1"), headers=HTMX)
    assert (page.status_code, page.text.count("<legend>Guest"), "<html" in page.text) == (200, 2, False)


# Where else they are seen


def test_they_are_on_the_customers_page_and_stay_when_the_customer_goes(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, OMAR)
    ali = rows(cast.staff, Customer)[0].id
    assert f'href="{address}"' in staff.get(f"/customers/{ali}").text
    manager = cast.manager.client()
    assert "the link to 1 booking, which stays" in manager.get(f"/customers/{ali}/delete").text

    assert manager.post(f"/customers/{ali}/delete").status_code == 303

    person = rows(cast.staff, BookingPerson)[0]
    assert (person.name, person.customer_id, person.do_not_collect) == ("Ali Khan", None, True)
    staff.post(f"{address}/edit", data=form(*with_ids(cast.staff), number="Z9"))
    assert names(cast.staff) == ["Omar Farooq"], "nobody is made of it again"


def test_whose_customer_is_gone_for_good_becomes_no_lead_either(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, OMAR)
    ali, omar = rows(cast.staff, Customer)
    assert cast.manager.client().post(f"/customers/{omar.id}/delete").status_code == 303

    assert staff.post(f"{address}/edit", data=form(*with_ids(cast.staff), lead_person="1")).status_code == 303

    assert [row.is_lead for row in rows(cast.staff, BookingPerson)] == [False, True]
    assert one(cast.staff, Booking).lead_id == one(cast.staff, Lead).id
    assert (names(cast.staff, Lead), names(cast.staff)) == ([ali.name], [ali.name])


def test_they_are_on_the_page_of_their_lead(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI)
    lead = one(cast.staff, Lead).id
    assert f'href="{address}"' in staff.get(f"/leads/{lead}").text
    assert f'href="/leads/{lead}"' in staff.get(address).text


def test_scans_know_of_the_persons() -> None:
    (source,) = [source for source in registered() if source.key == "booking_persons"]
    assert (source.name, source.model, source.branch) == ("Booking", BookingPerson, Booking.branch_id)


def test_staff_of_a_branch_book_for_it_and_see_it_alone(cast: Cast) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
        other = make_booking(persons=[{"name": "Budi", "phone": "0813 1111 2222"}], branch_id=theirs, number="X1")
    client = cast.staff.client()
    assert 'name="branch"' not in client.get("/bookings/new").text

    mine = client.post("/bookings/new", data=form(ALI, branch=str(theirs))).location
    client.post(f"{mine}/edit", data=form(ALI, OMAR, branch=str(theirs)))

    assert [booking.branch_id for booking in rows(cast.owner, Booking)] == [theirs, ours]
    assert client.get(f"/bookings/{other}").status_code == 404
    for path in ("/bookings", "/bookings?q=budi", "/bookings?q=x1"):
        assert "Budi" not in client.get(path, headers=HTMX).text
    taken = client.post("/bookings/new", data=form(ALI, number="x1"))
    assert "There is a booking x1 already." in taken.text, "numbers are the organization's"


def test_a_branch_with_bookings_is_not_deleted(cast: Cast) -> None:
    with cast.owner.acting():
        branch = make_branch()
        make_booking(branch_id=branch)
    answer = cast.manager.client().post(f"/settings/branches/{branch}/delete")
    assert (answer.status_code, "1 booking" in answer.text) == (409, True)


def test_the_currency_stays_once_something_was_charged(app: Flask, cast: Cast) -> None:
    settings = {"name": "Toko", "phone_region": "ID", "time_zone": "Asia/Jakarta", "locale": "id_ID"}
    settings |= {"earn_points": "0", "earn_per": "0"}
    owner = cast.owner.client()
    with cast.owner.acting():
        make_booking()
    assert owner.post("/settings/organization", data=settings | {"currency": "USD"}).status_code == 303
    with cast.owner.acting():
        make_booking(amount=500)
    assert owner.post("/settings/organization", data=settings | {"currency": "IDR"}).status_code == 422


# The list


@pytest.fixture
def listed(cast: Cast) -> FlaskClient:
    """Staff, where there are bookings yesterday, today and in a week."""
    today = clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta")).date()
    with cast.owner.acting():
        for number, days, status, persons in (
            ("PAST-1", -1, "confirmed", [ALI, SARA]),
            ("TODAY-1", 0, "pending", [OMAR]),
            ("NEXT-1", 7, "canceled", [{"name": "José 100%"}]),
        ):
            make_booking(number=number, date=today + dt.timedelta(days=days), status=status, persons=persons)
    return cast.staff.client()


def found(client: FlaskClient, query: str) -> list[str]:
    page = client.get(f"/bookings?{query}", headers=HTMX)
    assert page.status_code == 200
    places = {page.text.find(f">{number}</a>"): number for number in ("PAST-1", "TODAY-1", "NEXT-1")}
    return [places[place] for place in sorted(places) if place >= 0]


def test_the_list_is_in_the_order_of_days(listed: FlaskClient) -> None:
    assert found(listed, "") == found(listed, "when=upcoming") == ["TODAY-1"]
    assert found(listed, "when=past") == ["PAST-1"]
    assert found(listed, "when=canceled") == ["NEXT-1"]
    assert found(listed, "when=all") == ["NEXT-1", "TODAY-1", "PAST-1"]


def test_the_list_is_searched_and_filtered(listed: FlaskClient) -> None:
    today = clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta")).date()
    for query in ("q=ali", "q=0812 3456", "q=%2B62812", "q=ALI@ex", "q=past-1", "q=past", "q=sara khan"):
        assert found(listed, query) == ["PAST-1"], query
    assert found(listed, "q=jose") == found(listed, "q=100%25") == found(listed, "status=canceled") == ["NEXT-1"]
    assert found(listed, "q=_") == found(listed, "q=nobody") == found(listed, "q=ali&when=upcoming") == []
    assert found(listed, f"from={today}") == ["NEXT-1", "TODAY-1"]
    assert found(listed, f"to={today}") == ["TODAY-1", "PAST-1"]
    assert found(listed, f"from={today}&to={today}") == ["TODAY-1"]
    for query in ("page=-1", "page=9999999999999999999", "q=%00"):
        assert found(listed, query) == (["TODAY-1"] if "page=99" not in query else []), query
    assert "No booking matches “nobody”" in listed.get("/bookings?q=nobody").text
    assert "Clear filters" in listed.get("/bookings?from=2090-01-01").text
    assert "and 1 other" in listed.get("/bookings?q=ali").text


def test_an_empty_list_says_what_to_do(staff: FlaskClient) -> None:
    assert "No bookings yet" in staff.get("/bookings").text
