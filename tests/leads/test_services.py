"""Leads and the customers they are taken for, on both databases."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.bookings.models import Booking, BookingPerson
from crm.customers.models import Customer
from crm.customers.services import archive_customer, delete_customer
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.leads.services import collect, convert_lead, convert_lead_of, create_lead, edit_lead, lock_intake
from crm.values.clock import utcnow
from tests.factories import Cast, make_branch, make_customer

PHONE, SPELLED = "+6281234567890", "0812 3456-7890"


def lead(id_: int) -> Lead:
    return db.session.get_one(Lead, id_, populate_existing=True)


def actions(customer_id: int | None) -> list[str]:
    told = sa.select(Event.action).where(Event.customer_id == customer_id, Event.subject == "leads")
    return list(db.session.scalars(told.order_by(Event.id)))


def book(number: str, branch_id: int | None = None, **person: Any) -> tuple[int, int | None]:
    """Save a booking of one person as the bookings do; return the lead's id and the person's customer."""
    with transaction() as session:
        lock_intake()
        booking = Booking(number=number, number_key=number, date=utcnow().date(), branch_id=branch_id)
        session.add(booking)
        session.flush()
        row = BookingPerson(booking_id=booking.id, is_lead=True, activity_at=utcnow(), **person)
        session.add(row)
        collect([row], "Booking", branch_id)
        booking.lead_id = convert_lead_of(row, branch_id).id
        return booking.lead_id, row.customer_id


def test_a_lead_finds_its_customer_or_makes_them(cast: Cast) -> None:
    with cast.staff.acting():
        branch = make_branch()
        known = make_customer(name="Siti Rahma", phone=SPELLED)
        first = create_lead({"name": "Siti Rahma", "phone": "0812-3456 7890", "email": " Siti@Example.com "})
        assert (first.customer_id, first.phone, first.phone_valid) == (known, PHONE, True)
        assert db.session.get_one(Customer, known).email == "siti@example.com", "blanks are filled"

        other = create_lead({"name": "Budi", "passport_number": "a 123-4567", "branch_id": branch})
        customer = db.session.get_one(Customer, other.customer_id)
        assert (customer.name, customer.source, customer.branch_id) == ("Budi", "Lead", branch)
        assert (customer.passport_number, other.passport_number) == ("A1234567", "A1234567")
        assert other.status == "new"
        assert actions(customer.id) == ["lead.created"]


def test_a_number_that_cannot_be_called_is_kept_as_typed(cast: Cast) -> None:
    with cast.staff.acting():
        row = create_lead({"name": "Ani", "phone": "ask Sari 12"})
        assert (row.phone, row.phone_valid) == ("ask Sari 12", False)
        assert create_lead({"name": "Ani", "phone": "ask Sari 12"}).customer_id != row.customer_id


def test_what_a_lead_tells_later_reaches_the_customer(cast: Cast) -> None:
    with cast.staff.acting():
        row = create_lead({"name": "Siti", "phone": PHONE})
        before, customer_id = row.activity_at, row.customer_id
        assert edit_lead(row.id, {"notes": "Wants Bali in May"}).activity_at == before, "no news of the person"
        edited = edit_lead(row.id, {"name": "Siti Rahma", "email": "siti@example.com"})
        assert (edited.customer_id, edited.activity_at > before) == (customer_id, True)
        customer = db.session.get_one(Customer, customer_id)
        assert (customer.name, customer.email) == ("Siti Rahma", "siti@example.com")
        assert edit_lead(row.id, {"name": "Siti Rahma"}).updated_at == edited.updated_at, "nothing changed"
        assert actions(customer_id) == ["lead.created", "lead.edited", "lead.edited"]


def test_a_lead_brings_an_archived_customer_back(cast: Cast) -> None:
    with cast.staff.acting():
        customer_id = make_customer(name="Siti", phone=PHONE)
        archive_customer(customer_id)
        assert create_lead({"name": "Siti", "phone": PHONE}).customer_id == customer_id
        assert not db.session.get_one(Customer, customer_id).is_archived


def test_the_leads_of_a_deleted_customer_are_nobodys_and_stay_so(cast: Cast) -> None:
    with cast.owner.acting():
        row = create_lead({"name": "Siti", "phone": PHONE, "branch_id": make_branch()})
        row_id, customer_id = row.id, row.customer_id
        assert customer_id
        delete_customer(customer_id)
        assert (lead(row_id).customer_id, lead(row_id).do_not_collect) == (None, True)
        edit_lead(row_id, {"name": "Siti Rahma"})
        assert lead(row_id).customer_id is None, "a scan or an edit does not make them again"
        assert convert_lead(row_id).customer_id, "but somebody who wants it does"


def test_converting_again_changes_nothing(cast: Cast) -> None:
    with cast.staff.acting():
        row = create_lead({"name": "Siti", "phone": PHONE})
        at = convert_lead(row.id).converted_at
        again = convert_lead(row.id)
        assert (again.status, again.converted_at) == ("converted", at)
        assert at is not None
        assert actions(row.customer_id) == ["lead.created", "lead.converted"]


def test_a_booking_finds_the_lead_of_its_person(cast: Cast) -> None:
    with cast.staff.acting():
        row = create_lead({"name": "Siti Rahma", "phone": PHONE})
        lead_id, customer_id = book("B1", name="Siti Rahma", phone=PHONE, phone_valid=True, email="siti@example.com")
        assert (lead_id, customer_id) == (row.id, row.customer_id)
        found = lead(lead_id)
        assert (found.status, found.email) == ("converted", "siti@example.com")
        again, _ = book("B2", name="Siti Rahma", phone=PHONE, phone_valid=True)
        assert again == row.id, "a converted one is found, too"
        new = create_lead({"name": "Siti Rahma", "phone": PHONE})
        assert book("B3", name="Siti Rahma", phone=PHONE, phone_valid=True)[0] == new.id, "an open one first"


def test_a_booking_makes_the_lead_that_is_not_there(cast: Cast) -> None:
    with cast.staff.acting():
        branch = make_branch()
        sister = create_lead({"name": "Siti Rahma", "phone": PHONE})
        lead_id, customer_id = book("B1", branch, name="Dewi Lestari", phone=PHONE, phone_valid=True)
        assert lead_id != sister.id, "a family shares a number"
        made = lead(lead_id)
        assert (made.source, made.customer_id, made.branch_id) == ("Booking", customer_id, branch)
        assert customer_id != sister.customer_id
        assert actions(customer_id) == ["lead.created", "lead.converted"]


def test_a_lead_of_nobody_is_found_by_what_it_shares(cast: Cast) -> None:
    with cast.owner.acting():
        row = create_lead({"name": "Siti Rahma", "email": "siti@example.com", "passport_number": "A1234567"})
        row_id = row.id
        assert row.customer_id
        delete_customer(row.customer_id)
        other, _ = book("B1", name="Siti Rahma", email="siti@example.com", passport_number="B7654321")
        assert other != row_id, "another passport is another person"
        assert book("B2", name="Siti Rahma", email="siti@example.com", passport_number="A1234567")[0] == row_id
