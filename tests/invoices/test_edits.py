"""An open invoice can be edited: totals, timeline and booking follow, and nobody overwrites what they have not seen."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.services import change_organization
from crm.customers.models import Customer
from crm.invoices.models import Invoice
from crm.invoices.queries import differences
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.extensions import db
from crm.loyalty.queries import differences as wrong_points
from tests.api.conftest import Client
from tests.customers.test_timeline import lines
from tests.factories import Cast, Person, make_booking, make_customer
from tests.invoices.steps import HTMX
from tests.invoices.test_orders import start_of, today, totals

FIRST, SECOND = dt.date(2026, 11, 2), dt.date(2026, 10, 5)


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


@pytest.fixture
def customer(cast: Cast) -> int:
    with cast.staff.acting():
        return make_customer(name="Ibu Sari")


@pytest.fixture
def invoice(cast: Cast, customer: int) -> int:
    with cast.staff.acting():
        return add_invoice(customer, 150_000_00, FIRST, "Cake").id


def form_of(client: FlaskClient, invoice: int) -> dict[str, str]:
    """Return what the form shows, as a browser sends it."""
    page = client.get(f"/invoices/{invoice}/edit").text
    fields = {
        name: re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
        for name in ("amount", "date", "version")
    }
    note = re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", page, re.DOTALL)
    assert note
    return {name: found[1] for name, found in fields.items() if found} | {"note": note[1]}


def save(client: FlaskClient, invoice: int, htmx: bool = False, **changed: str) -> Any:
    data = form_of(client, invoice) | changed
    return client.post(f"/invoices/{invoice}/edit", data=data, headers=HTMX if htmx else {})


def row(person: Person, invoice: int) -> Invoice:
    with person.acting():
        return db.session.get_one(Invoice, invoice)


def test_the_form_shows_the_invoice_and_totals_follow(
    cast: Cast, staff: FlaskClient, customer: int, invoice: int
) -> None:
    assert form_of(staff, invoice) == {"amount": "150000", "date": "2026-11-02", "version": "", "note": "Cake"}
    with cast.staff.acting():
        add_invoice(customer, 7_00, dt.date(2026, 10, 20), "")

    answer = save(staff, invoice, amount="99.500,50", date="2026-10-05", note="Two cakes")

    assert (answer.status_code, answer.location) == (303, f"/customers/{customer}#invoices")
    found = row(cast.staff, invoice)
    assert (found.amount, found.date, found.note) == (99_500_50, SECOND, "Two cakes")
    assert found.edited_at is not None
    assert totals(cast.staff, customer) == (2, 99_507_50, start_of(dt.date(2026, 10, 20)))
    save(staff, invoice, date=today().isoformat())
    assert totals(cast.staff, customer)[2] == found.created_at, "an order of the day it was entered"
    with cast.staff.acting():
        assert differences() == []
    entry = lines(cast.staff, customer)[1]
    for words in ("Invoice edited", "Amount from Rp 150.000 to Rp 99.500,50", "“Cake” to “Two cakes”", "by staff"):
        assert words in entry, entry


def test_a_form_without_a_change_leaves_no_trace(cast: Cast, staff: FlaskClient, customer: int, invoice: int) -> None:
    before = lines(cast.staff, customer)
    assert save(staff, invoice).status_code == 303
    assert lines(cast.staff, customer) == before
    assert row(cast.staff, invoice).edited_at is None


def test_who_has_not_seen_the_latest_is_asked_first(cast: Cast, staff: FlaskClient, invoice: int) -> None:
    mine = form_of(staff, invoice) | {"amount": "200000", "note": "Mine"}
    assert save(cast.manager.client(), invoice, amount="175000").status_code == 303

    answer = staff.post(f"/invoices/{invoice}/edit", data=mine)

    assert answer.status_code == 422
    assert "it is Rp\xa0175.000, 2 Nov now" in answer.text
    assert 'value="200000"' in answer.text, "what was typed stays"
    assert row(cast.staff, invoice).amount == 175_000_00
    again = re.search(r'name="version"[^>]*value="([^"]+)"', answer.text)
    assert again
    assert staff.post(f"/invoices/{invoice}/edit", data=mine | {"version": again[1]}).status_code == 303
    assert row(cast.staff, invoice).note == "Mine"


def test_the_same_form_twice_saves_once(cast: Cast, staff: FlaskClient, customer: int, invoice: int) -> None:
    data = form_of(staff, invoice) | {"amount": "175000"}
    assert [staff.post(f"/invoices/{invoice}/edit", data=data).status_code for _ in range(2)] == [303, 303]
    assert sum("Invoice edited" in line for line in lines(cast.staff, customer)) == 1


def test_bad_input_is_explained_and_kept(cast: Cast, staff: FlaskClient, invoice: int) -> None:
    tomorrow = (today() + dt.timedelta(days=1)).isoformat()
    for field, value, sentence in (
        ("amount", "abc", "Enter the amount in digits"),
        ("amount", "0", "Enter an amount greater than 0."),
        ("date", tomorrow, "today or an earlier day"),
        ("date", "2026-02-30", "date, like 2026-11-20"),
        ("note", "x" * 2_001, "Shorten"),
        ("version", "x" * 3_000, "was changed after you opened it"),
    ):
        answer = (
            save(staff, invoice, amount="5", **{field: value})
            if field != "amount"
            else save(staff, invoice, amount=value)
        )
        assert answer.status_code == 422, field
        assert sentence in answer.text, field
    assert row(cast.staff, invoice).amount == 150_000_00


def test_a_void_one_stays_as_it_is(app: Flask, cast: Cast, staff: FlaskClient, invoice: int) -> None:
    data = form_of(staff, invoice) | {"amount": "5"}
    with cast.manager.acting():
        void_invoice(invoice)
    for answer in (staff.get(f"/invoices/{invoice}/edit"), staff.post(f"/invoices/{invoice}/edit", data=data)):
        assert answer.status_code == 409
        assert "This invoice is void, so it can&#39;t be changed." in answer.text
    refused: Any = Client(app, cast.staff.token()).call("PATCH", f"invoices/{invoice}/", json={"amount": 5})
    assert (refused.status_code, "void" in refused.json["error"]) == (409, True)
    assert row(cast.staff, invoice).amount == 150_000_00


def test_points_follow_the_amount_until_it_is_void(cast: Cast, staff: FlaskClient, customer: int) -> None:
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"earn_points": "1", "earn_per": "10000"})
        invoice = add_invoice(customer, 150_000_00, FIRST, "").id
        change_organization(cast.owner.organization_id, {"earn_points": "7", "earn_per": "10000"})
    page = staff.get(f"/invoices/{invoice}/edit").text
    assert "It earned 15 points; they follow the amount, by the rules that were in force." in page
    for amount, points in (("10.000", 1), ("29.999", 2), ("150.000", 15), ("9.000", 0), ("150.000", 15)):
        save(staff, invoice, amount=amount)
        with cast.staff.acting():
            assert db.session.get_one(Customer, customer).loyalty_points == points
    assert cast.manager.client().post(f"/invoices/{invoice}/void").status_code == 303
    with cast.staff.acting():
        assert db.session.get_one(Customer, customer).loyalty_points == 0
        assert [*differences(), *wrong_points()] == []


def test_only_staff_of_the_organization_may(app: Flask, cast: Cast, invoice: int) -> None:
    url = f"/invoices/{invoice}/edit"
    for person, status in ((cast.viewer, 403), (cast.stranger, 404)):
        client = person.client()
        assert [client.get(url).status_code, client.post(url, data={"amount": "1"}).status_code] == [status, status]
        assert (
            Client(app, person.token()).call("PATCH", f"invoices/{invoice}/", json={"amount": 1}).status_code == status
        )
    assert row(cast.staff, invoice).amount == 150_000_00


def test_with_htmx_the_panel_follows(staff: FlaskClient, invoice: int) -> None:
    answer = save(staff, invoice, htmx=True, amount="175000")
    assert '"closeWindow": true' in answer.headers["HX-Trigger"]
    assert 'id="invoices" hx-swap-oob="outerHTML"' in answer.text
    assert "Invoice of Rp\xa0175.000 for Ibu Sari saved." in answer.text
    assert "Rp\xa0175.000" in staff.get(f"/invoices/{invoice}", headers=HTMX).text


def test_the_api_changes_what_is_sent(app: Flask, cast: Cast, customer: int, invoice: int) -> None:
    api = Client(app, cast.staff.token())
    changed: Any = api.call("PATCH", f"invoices/{invoice}/", json={"amount": "99500.50", "customer": 999}).json
    assert (changed["amount"], changed["date"], changed["note"]) == ("99500.50", "2026-11-02", "Cake")
    assert changed["updated_at"] > changed["created_at"]
    assert totals(cast.staff, customer)[1] == 99_500_50
    assert api.call("PATCH", f"invoices/{invoice}/", json={}).json["updated_at"] == changed["updated_at"]  # type: ignore[index]
    for sent, field in (
        ({"amount": "0"}, "amount"),
        ({"date": "2999-01-01"}, "date"),
        ({"booking": 999_999}, "booking"),
    ):
        refused: Any = api.call("PATCH", f"invoices/{invoice}/", json=sent)
        assert (refused.status_code, list(refused.json["errors"])) == (400, [field])


def test_a_booking_is_linked_by_the_form_the_api_and_its_page(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    with cast.staff.acting():
        person = {"name": "Ali Khan", "phone": "0812 3456 7899", "is_lead": True}
        booking = make_booking(amount=200_000_00, persons=[person])
        payer = db.session.query(Customer.id).filter(Customer.name == "Ali Khan").scalar()
        invoice = add_invoice(payer, 150_000_00, FIRST, "").id
    api = Client(app, cast.staff.token())

    def paid() -> str:
        return str(api.get(f"bookings/{booking}/")["paid"])

    assert f'<option value="{booking}">' in staff.get(f"/invoices/{invoice}/edit").text
    save(staff, invoice, booking=str(booking))
    assert (paid(), row(cast.staff, invoice).booking_id) == ("150000.00", booking)
    assert "Booking added: B-0001" in lines(cast.staff, payer)[0]
    save(staff, invoice, booking="")
    assert paid() == "0.00"
    assert api.call("PATCH", f"invoices/{invoice}/", json={"booking": booking}).status_code == 200
    assert paid() == "150000.00"
    undone = f"/bookings/{booking}/payments/{invoice}/delete"
    assert staff.post(undone).location == f"/bookings/{booking}#payments"
    assert staff.post(undone).status_code == 303, "a second time changes nothing"

    url = f"/bookings/{booking}/payments/new"
    assert f'data-window href="{url}"' in re.sub(r"\s+", " ", staff.get(f"/bookings/{booking}").text)
    assert staff.post(url).status_code == 422
    for _ in range(2):
        answer = staff.post(url, data={"invoice": str(invoice)}, headers=HTMX)
        assert undone in answer.text, "with Undo"
    assert paid() == "150000.00"
    assert "no open invoice that is for no booking" in staff.get(url).text
    assert save(staff, invoice, booking=str(booking), amount="5").status_code == 303, "the link stays"
    assert paid() == "5.00"


def test_strangers_invoices_are_not_linked(cast: Cast, staff: FlaskClient, invoice: int) -> None:
    with cast.staff.acting():
        booking = make_booking()
    with cast.stranger.acting():
        foreign_booking, foreign = make_booking(), add_invoice(make_customer(), 5, FIRST, "").id
    url = f"/bookings/{booking}/payments/new"
    for wrong in (foreign, invoice, 999_999, "abc", ""):
        assert staff.post(url, data={"invoice": str(wrong)}).status_code == 422, "only a guest's"
    assert staff.get(f"/bookings/{foreign_booking}/payments/new").status_code == 404
    assert staff.post(f"/bookings/{booking}/payments/{foreign}/delete").status_code == 404
    assert cast.viewer.client().post(url, data={"invoice": str(invoice)}).status_code == 403
    assert save(staff, invoice, booking=str(foreign_booking)).status_code in (303, 422)
    assert row(cast.staff, invoice).booking_id is None
