"""Payments: invoices that are for a booking, what was paid, and what is still to be paid."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.invoices.models import Invoice
from crm.kernel.db import transaction
from tests.api.conftest import Client
from tests.bookings.test_bookings import ALI, HTMX, OMAR, book, one, rows
from tests.customers.test_timeline import lines
from tests.factories import Cast, make_booking, make_branch, make_customer, make_invoice

TODAY = "2026-11-20"


@pytest.fixture
def manager(cast: Cast) -> FlaskClient:
    return cast.manager.client()


def account(app: Flask, cast: Cast, booking: int = 1) -> tuple[str, str]:
    api = Client(app, cast.staff.token())
    shown = api.get(f"bookings/{booking}/")
    return shown["paid"], shown["balance"]


def test_a_payment_is_prefilled_with_what_is_to_be_paid(cast: Cast, manager: FlaskClient) -> None:
    address = book(manager, ALI, amount="2.500.000", service="Umrah")
    url = "/customers/1/invoices/new?booking=1"
    assert f'href="{url}"' in manager.get(address).text.replace("&amp;", "&")
    page = manager.get(url).text
    assert 'value="2500000"' in page
    assert '<option selected value="1">B-0001 · Umrah</option>' in page

    answer = manager.post(url, data={"amount": "1.000.000", "date": TODAY, "booking": "1"})

    assert answer.location == address, "back to the booking"
    shown = manager.get(address).text
    for words in ("Rp\u00a02.500.000", "Rp\u00a01.000.000", "Rp\u00a01.500.000", "To pay"):
        assert words in shown
    assert "Rp\u00a01.500.000" in manager.get("/bookings", headers=HTMX).text
    assert "For booking B-0001 · Umrah" in lines(cast.staff, 1)[0]
    assert 'href="/bookings/1">Booking B-0001' in manager.get("/customers/1").text
    assert 'value="1500000"' in manager.get(url).text


def test_void_invoices_do_not_count_and_several_may_pay(app: Flask, cast: Cast, manager: FlaskClient) -> None:
    book(manager, ALI, OMAR, amount="100")
    manager.post("/customers/1/invoices/new", data={"amount": "40", "date": TODAY, "booking": "1"})
    manager.post("/customers/2/invoices/new?booking=1", data={"amount": "70", "date": TODAY, "booking": "1"})
    manager.post("/customers/2/invoices/new", data={"amount": "5", "date": TODAY, "booking": ""})
    assert account(app, cast) == ("110.00", "-10.00")
    assert "Overpaid" in manager.get("/bookings/1").text
    manager.post(f"/invoices/{rows(cast.staff, Invoice)[0].id}/void")
    assert account(app, cast) == ("70.00", "30.00")
    page = manager.get("/bookings/1").text
    assert "Void" in page
    assert 'href="/customers/2/invoices/new?booking=1"' in page.replace("&amp;", "&")


def test_what_a_deleted_customer_paid_is_gone_with_them(app: Flask, cast: Cast, manager: FlaskClient) -> None:
    book(manager, ALI, amount="100")
    manager.post("/customers/1/invoices/new", data={"amount": "40", "date": TODAY, "booking": "1"})
    assert manager.post("/customers/1/delete").status_code == 303
    assert account(app, cast) == ("0.00", "100.00")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_strangers_and_other_branches_are_not_paid_for(app: Flask, cast: Cast, manager: FlaskClient) -> None:
    with cast.stranger.acting():
        foreign = make_booking()
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        customer, hidden = make_customer(branch_id=ours), make_booking(branch_id=theirs, amount=500)
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
    staff, api = cast.staff.client(), Client(app, cast.staff.token())
    url = f"/customers/{customer}/invoices/new"
    for booking in (foreign, hidden, 999_999, "abc"):
        assert staff.get(f"{url}?booking={booking}").status_code == 404
        assert staff.post(url, data={"amount": "40", "date": TODAY, "booking": booking}).status_code == 404
    for booking in (foreign, hidden):
        answer: Any = api.post(f"customers/{customer}/invoices/", json={"amount": 40, "booking": booking})
        assert (answer.status_code, list(answer.json["errors"])) == (400, ["booking"])
    assert rows(cast.owner, Invoice) == []
    made: Any = Client(app, cast.owner.token()).post(
        f"customers/{customer}/invoices/", json={"amount": 40, "booking": hidden}
    )
    assert made.json["booking"] == hidden
    assert one(cast.owner, Invoice).booking_id == hidden
    assert "Booking" not in staff.get(f"/customers/{customer}/invoices", headers=HTMX).text, "not told of"
    with cast.owner.acting():
        mine, payer = make_booking(branch_id=ours, amount=100_000_000), make_customer(name="Siti", branch_id=theirs)
        make_invoice(payer, booking_id=mine)
    page = staff.get(f"/bookings/{mine}").text
    assert "Siti" not in page
    assert "Rp\u00a0150.000 of this was paid in another branch." in page
