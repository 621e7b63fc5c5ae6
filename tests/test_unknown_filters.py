"""A filter with a value that there is not matches nobody and says so, and nobody is changed by way of it."""

from __future__ import annotations

import pytest

from crm.customers.models import Customer
from crm.kernel.extensions import db
from tests.factories import Cast, make_area_customer, make_booking, make_customer, make_lead, make_message

QUERIES = {
    "/?tier=diamond": "There is no tier “diamond”.",
    "/?status=zzz": "There is no status “zzz”.",
    "/?branch=north": "There is no such branch.",
    "/?branch=999999": "Nobody matches",
    "/?created=2026-13": "There is no month “2026-13”.",
    "/?rfm=zzz": "There is no group “zzz”.",
    "/?scores=6-1": "There is no pair of scores “6-1”.",
    "/?slipping=zzz": "There is no view “zzz”.",
    "/?cohort=2026-13": "There is no month “2026-13”.",
    "/?cohort=2026-01&month=99": "There is no month “99”.",
    "/?cohort=2026-01&within=31": "There is no number of days “31”.",
    "/?tier=diamond&q=Seen": "Nobody matches",
    "/messages?status=zzz": "There is no status “zzz”.",
    "/messages?channel=fax": "There is no channel “fax”.",
    "/messages?from=0001-01-01": "“0001-01-01” is not a date.",
    "/leads?status=zzz": "There is no status “zzz”.",
    "/leads?follow_up=zzz": "There is no follow-up “zzz”.",
    "/leads?source=zzz": "No leads match these filters",
    "/leads?mine=zzz": "There is no view “zzz”.",
    "/leads?view=zzz": "There is no view “zzz”.",
    "/leads?view=board&status=zzz": "There is no status “zzz”.",
    "/bookings?status=zzz": "There is no status “zzz”.",
    "/bookings?when=zzz": "There is no time “zzz”.",
    "/bookings?from=2026-99-99": "“2026-99-99” is not a date.",
    "/invoices?month=2026-13": "There is no month “2026-13”.",
    "/invoices?status=zzz": "There is no status “zzz”.",
    "/invoices?receipt=zzz": "There is no receipt state “zzz”.",
    "/invoices?amount_from=zzz": "“zzz” is not an amount.",
    "/invoices?currency=zzz": "There is no currency “zzz”.",
    "/invoices?branch=north": "There is no such branch.",
    "/vouchers?state=zzz": "There is no state “zzz”.",
    "/rewards?show=zzz": "There is no view “zzz”.",
    "/area-customers?branch=north": "There is no such branch.",
    "/badges?show=zzz": "There is no view “zzz”.",
    "/duplicates?show=zzz": "No duplicates to review",
}


@pytest.fixture
def seen(cast: Cast) -> int:
    """One of everything, whose name is Seen."""
    with cast.owner.acting():
        customer = make_customer(name="Seen")
        make_message(customer_id=customer)
        make_lead(name="Seen")
        make_booking()
        make_area_customer()
    return customer


def test_nobody_matches_and_the_list_says_why(cast: Cast, seen: int) -> None:
    client = cast.owner.client()
    for url, sentence in QUERIES.items():
        for headers in ({}, {"HX-Request": "true"}):
            page = client.get(url, headers=headers)
            assert page.status_code == 200, url
            assert sentence in page.text, url
            assert '<th class="cell-name"' not in page.text, url
    for url in ("/?tier=", "/?status=all", "/?branch=", "/?tier=bronze", "/leads?status=", "/messages?status=all"):
        assert "Seen" in client.get(url, follow_redirects=True).text, url


def test_all_of_nobody_are_not_everybody(cast: Cast, seen: int) -> None:
    client = cast.owner.client()
    for query in ("tier=diamond", "status=zzz", "branch=north", "created=2026-13"):
        for headers in ({}, {"HX-Request": "true"}):
            refused = client.post(
                f"/customers/bulk?{query}", data={"action": "deactivate", "all": "1"}, headers=headers
            )
            assert (refused.status_code, "There is no" in refused.text) == (422, True), query
    with cast.owner.acting():
        assert db.session.get_one(Customer, seen).is_active
