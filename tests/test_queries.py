"""How many questions a page asks of the database: as many for many rows as for few."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask

from crm.invoices.services import void_invoice
from crm.kernel.extensions import db
from tests.factories import (
    Cast,
    make_area_customer,
    make_attempt,
    make_badge,
    make_booking,
    make_branch,
    make_campaign,
    make_commitment,
    make_customer,
    make_duplicate,
    make_follow_up,
    make_invoice,
    make_lead,
    make_message,
    make_note,
    make_points_entry,
    make_receipt,
    make_scan,
    make_segment,
    make_suppression,
    make_template,
    make_text,
    make_text_of_customer,
    make_visit,
    make_voucher,
)

MOST = {
    "/": 16,  # one for the first steps, until they are done
    "/reminders": 13,
    "/?q=customer": 16,
    "/customers/{customer}": 14,  # one for each panel, two for points and for messages
    "/customers/{bare}": 9,  # nothing is asked about what the row says there is none of
    "/messages": 5,
    "/reports": 11,
    "/reports/rfm": 6,
    "/reports/cohorts": 6,
    "/reports/value": 5,
    "/leads": 5,
    "/leads/{lead}": 7,
    "/bookings": 5,
    "/vouchers": 5,
    "/rewards": 4,
    "/badges": 4,
    "/invoices": 11,  # with their receipts, the sums, and what can be filtered by
    "/area-customers": 7,
}
PAGES = (
    *MOST,
    "/inbox",
    "/messages?q=customer",
    "/duplicates",
    "/customers/{customer}/invoices",
    "/customers/{customer}/points",
    "/leads?q=lead",
    "/palette?q=customer",
    "/palette?q=person",
    "/bookings?q=traveller",
    "/invoices?q=customer&receipt=ready",
    "/palette?q=150000",
    "/bookings/{booking}",
    "/area-customers?q=person",
    "/vouchers?q=customer",
    "/vouchers?state=issued",
    "/customers/{customer}/redemptions/new",
    "/settings/branches",
    "/settings/users",
    "/settings/templates",
    "/settings/opt-outs",
    "/collection",
    "/segments",
    "/campaigns",
    "/palette?q=segment",
)
"""Pages that show rows; MOST says how many questions some may ask at all."""


LISTS = {
    "/api/customers/": 8,  # two for what can be spent, and until when, one for scores
    "/api/customers/?search=customer&is_active=true": 8,
    "/api/customers/{customer}/points/": 4,
    "/api/customers/{customer}/invoices/": 5,
    "/api/customers/{customer}/messages/": 4,
    "/api/branches/": 3,
    "/api/inbound/": 5,
    "/api/customers/auto-collection/": 4,
    "/api/leads/": 5,
    "/api/leads/?search=lead&status=new": 6,
    "/api/leads/{lead}/follow-ups/": 4,
    "/api/leads/{lead}/loan-commitments/": 4,
    "/api/leads/{lead}/notes/": 4,
    "/api/customers/{customer}/notes/": 4,
    "/api/rewards/": 4,
    "/api/vouchers/": 4,
    "/api/customers/{customer}/visits/": 4,
    "/api/customers/{customer}/badges/": 4,
    "/api/badges/": 4,
    "/api/bookings/": 6,  # with their persons, documents and payments
    "/api/bookings/?search=traveller": 7,
    "/api/area-customers/": 4,
    "/api/segments/": 4,
    "/api/campaigns/": 4,
}
"""Lists of the API, and how many questions they may ask; who sends the token is the first."""


def test_a_list_of_the_api_asks_the_same_for_more_rows(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        customer = make_customer(name="Customer 0")
        lead = make_lead(name="Lead 0")
    client, headers = app.test_client(), cast.owner.token()
    for number in (2, 9):
        with cast.owner.acting():
            for _ in range(number):
                _add_rows(customer, lead)
        for address, most in LISTS.items():
            path = address.format(customer=customer, lead=lead)
            with counted(app) as statements:
                found: Any = client.get(path, headers=headers).json
            assert len(found["results"] if "results" in found else found["customers"]) >= number, path
            assert len(statements) <= most, "\n".join((path, *statements))


def test_more_rows_are_not_more_questions(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    with cast.owner.acting():
        customer = make_customer(name="Customer 0", phone="0812 0000 0000")
        lead = make_lead(name="Lead 0", phone="0812 0000 0000")
        booking, bare = make_booking(), make_customer(name="Customer 1")
    counts: dict[str, int] = {}
    for number in (2, 9):
        with cast.owner.acting():
            for _ in range(number):
                _add_rows(customer, lead)
        for address in PAGES:
            path = address.format(customer=customer, lead=lead, booking=booking, bare=bare)
            with counted(app) as statements:
                assert client.get(path).status_code == 200
            # One more may count what no longer fits.
            most = min(counts.setdefault(path, len(statements)) + 1, MOST.get(address, 99))
            assert len(statements) <= most, "\n".join((path, *statements))


def test_leads_are_searched_once_for_a_page(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    with cast.owner.acting():
        make_lead(name="Siti Rahma", phone="0812 0000 0000")
    for path in ("/leads?q=siti", "/leads?q=siti&view=board"):
        with counted(app) as statements:
            page = client.get(path).text
        assert "Siti Rahma" in page
        assert "".join(statements).count("search_text LIKE") == 1, "\n".join(statements)


def _add_rows(customer: int, lead: int) -> None:
    make_branch()
    other = make_customer(name="Customer")
    for id_ in (customer, other):
        make_message(customer_id=id_)
        make_message(customer_id=id_, status="reminder")
    make_attempt(customer_id=customer)
    make_receipt(customer_id=customer)
    void_invoice(make_invoice(customer))
    make_points_entry(customer)
    make_template()
    make_suppression()
    make_text()
    make_text_of_customer()
    make_scan()
    make_segment()
    make_campaign()
    make_lead(name="Lead 0", phone="0812 0000 0000", branch_id=make_branch())
    make_follow_up(lead)
    make_commitment(lead)
    make_note(lead)
    make_note(customer_id=customer)
    make_duplicate(customer, other)
    make_voucher(customer)
    make_voucher(other)
    make_badge()
    make_visit(customer, make_branch())
    make_booking(branch_id=make_branch(), persons=[{"name": "Traveller"}, {"name": "Customer 0"}])
    make_booking(amount=100, lead_id=lead, persons=[{"customer_id": customer}])
    make_area_customer(branch_id=make_branch())


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    statements: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if statement.startswith(("SELECT", "WITH")) and "set_config" not in statement:
            statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
