"""Sample customers come and go by a button; what people entered meanwhile stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.services import change_organization
from crm.bookings.models import Booking, BookingPerson
from crm.customers.models import Customer
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work.due import DueWork
from crm.leads.models import FollowUp, Lead
from crm.loyalty.services import change_points
from crm.messages.models import Message
from tests.factories import Cast, Person, make_customer, make_invoice, make_lead, make_points_entry


def customers(person: Person) -> dict[int, str]:
    with person.acting():
        return {row.id: row.name for row in db.session.execute(sa.select(Customer.id, Customer.name))}


def add(person: Person) -> list[int]:
    """Add the samples and return the ids of all customers."""
    assert person.client().post("/samples").location == "/"
    return sorted(customers(person))


def remove(person: Person) -> str:
    """Remove the samples and return the window that asked before."""
    client = person.client()
    asked = client.get("/samples/delete")
    assert asked.status_code == 200
    assert client.post("/samples/delete").location == "/"
    return asked.text


def test_an_empty_page_offers_samples_and_they_go_again(app: Flask, cast: Cast) -> None:
    page = cast.manager.client().get("/").text
    assert "Try with sample customers" in page
    assert "Remove the sample customers" not in page
    assert "Try with sample customers" not in cast.staff.client().get("/").text
    ids = add(cast.manager)
    assert len(ids) == 12
    page = cast.manager.client().get("/").text
    assert "Remove the sample customers" in page
    assert "To do now" in page
    assert add(cast.manager) == ids, "a second press adds nobody"
    assert "12 sample customers are removed" in remove(cast.manager)
    assert customers(cast.owner) == {}
    page = cast.manager.client().get("/").text
    assert "12 sample customers removed." not in page, "said once, on the page that followed"
    assert "Remove the sample customers" not in page
    for command in ("loyalty", "stats"):
        assert app.test_cli_runner().invoke(args=[command, "verify"]).exit_code == 0, command


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_ever_sent_to_a_sample(cast: Cast) -> None:
    add(cast.owner)
    with cast.owner.acting():
        rows = db.session.scalars(sa.select(Customer)).all()
        assert not any(row.sms_allowed or row.whatsapp_allowed or row.email_allowed for row in rows)
        assert {message.status for message in db.session.scalars(sa.select(Message))} == {"reminder"}


def edited(cast: Cast, id_: int) -> None:
    page = {"name": "Rahma of ours", "phone": "", "email": ""}
    assert cast.staff.client().post(f"/customers/{id_}/edit", data=page).status_code == 303


def invoiced(cast: Cast, id_: int) -> None:
    with cast.staff.acting():
        make_invoice(id_)


def given_points(cast: Cast, id_: int) -> None:
    with cast.staff.acting():
        make_points_entry(customer_id=id_)


def given_points_by_a_program(cast: Cast, id_: int) -> None:
    with cast.staff.app.app_context(), use_organization(cast.staff.organization_id):
        change_points(id_, 5, "Bought cake")


@pytest.mark.parametrize("touch", [edited, invoiced, given_points, given_points_by_a_program])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whom_somebody_worked_with_is_named_and_stays(cast: Cast, touch: Callable[[Cast, int], None]) -> None:
    with cast.staff.acting():
        own = make_customer(name="Own Customer")
    ids = [id_ for id_ in add(cast.owner) if id_ != own]
    touch(cast, ids[3])
    touched = customers(cast.owner)[ids[3]]
    asked = remove(cast.owner)
    assert touched in asked
    assert "11 sample customers are removed" in asked
    assert set(customers(cast.owner)) == {own, ids[3]}
    remove(cast.owner)
    assert set(customers(cast.owner)) == {own, ids[3]}, "they are ordinary customers now"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_trying_a_reminder_keeps_nobody(cast: Cast) -> None:
    add(cast.owner)
    with cast.owner.acting():
        message = db.session.scalars(sa.select(Message.id)).first()
    client = cast.staff.client()
    assert client.post(f"/messages/{message}/done").status_code == 303
    assert client.post(f"/messages/{message}/done/delete").status_code == 303
    remove(cast.owner)
    assert customers(cast.owner) == {}


def trips(person: Person) -> dict[str, int]:
    with person.acting():
        models = (Lead, FollowUp, Booking, BookingPerson, DueWork)
        return {
            model.__tablename__: db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
            for model in models
        }


def set_trade(person: Person, trade: str) -> None:
    with person.acting():
        change_organization(person.organization_id, {"trade": trade})


def test_a_travel_agency_gets_leads_and_bookings_and_they_go_with_the_samples(app: Flask, cast: Cast) -> None:
    before = trips(cast.owner)
    set_trade(cast.owner, "travel")
    with cast.staff.acting():
        own = make_lead(name="Own Lead")
    added = add(cast.owner)
    assert len(added) == 13
    found = trips(cast.owner)
    assert (found["leads"], found["follow_ups"], found["bookings"]) == (5, 2, 2), "a booking has a lead, too"
    client = cast.manager.client()
    for address in ("/leads", "/bookings", "/reminders"):
        assert client.get(address).status_code == 200
    assert "Umrah" in client.get("/bookings").text
    assert "12 sample customers are removed" in remove(cast.manager)
    assert trips(cast.owner) == before | {"leads": 1}
    with cast.owner.acting():
        assert db.session.get(Lead, own) is not None
        kept = sa.select(Event.id).where(Event.customer_id.is_not(None), Event.action.not_like("%.created"))
        assert db.session.scalars(kept).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("trade", ["shop", "restaurant"])
def test_other_trades_get_no_trips(cast: Cast, trade: str) -> None:
    set_trade(cast.owner, trade)
    add(cast.owner)
    assert (trips(cast.owner)["leads"], trips(cast.owner)["bookings"]) == (0, 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whose_lead_or_booking_somebody_worked_with_stays_with_it(cast: Cast) -> None:
    set_trade(cast.owner, "travel")
    add(cast.owner)
    staff = cast.staff.client()
    with cast.owner.acting():
        call, other = db.session.scalars(sa.select(FollowUp).order_by(FollowUp.id)).all()
        names = {call.lead_id: db.session.get_one(Lead, call.lead_id).name}
        booking = db.session.scalars(sa.select(Booking).order_by(Booking.id)).first()
        assert booking
        guest = db.session.scalars(sa.select(BookingPerson.name).where(BookingPerson.booking_id == booking.id)).one()
    assert staff.post(f"/follow-ups/{other.id}/done").status_code == 303, "trying a reminder is no work"
    note = {"text": "Wants sea view", "kind": "note"}
    assert staff.post(f"/leads/{call.lead_id}/notes", data=note).status_code == 303
    assert staff.post(f"/bookings/{booking.id}/cancel").status_code == 303
    remove(cast.owner)
    assert sorted(customers(cast.owner).values()) == sorted([names[call.lead_id], guest])
    found = trips(cast.owner)
    assert (found["leads"], found["bookings"]) == (2, 1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_clearing_demo_data_by_command_keeps_whom_somebody_worked_with(app: Flask, cast: Cast) -> None:
    ids = add(cast.owner)
    invoiced(cast, ids[0])
    assert app.test_cli_runner().invoke(args=["demo", "clear"]).exit_code == 0
    assert set(customers(cast.owner)) == {ids[0]}
    assert "Remove the sample customers" not in cast.owner.client().get("/").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_samples_are_of_one_organization(cast: Cast) -> None:
    ids = add(cast.owner)
    assert customers(cast.stranger) == {}
    remove(cast.stranger)
    assert sorted(customers(cast.owner)) == ids
