"""What a booking is of: service, dates and note, on pages and in the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crm.bookings.models import Booking
from crm.values import clock
from tests.api.conftest import Client
from tests.bookings.test_bookings import ALI, HTMX, book, form, one, with_ids
from tests.customers.test_timeline import lines
from tests.factories import Cast, make_booking

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TODAY = clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta")).date()


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


def test_service_dates_and_note_are_kept_shown_and_told(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, service="Umrah", date_until="2027-01-02", note="Wheelchair\nVegetarian")
    page, row = staff.get(address).text, staff.get("/bookings?q=umr", headers=HTMX).text
    assert "Wheelchair\nVegetarian" in page
    for text in (page, row):
        assert "Umrah" in text
        assert "2 Jan 2027" in text
    data = form(*with_ids(cast.staff), service="Bali", date_until="", note="")
    staff.post(f"{address}/edit", data=data)
    booking = one(cast.staff, Booking)
    assert (booking.service, booking.date_until, booking.note) == ("Bali", None, "")
    told = lines(cast.staff, 1)[0]
    for words in ("Service from Umrah to Bali", "Until removed: 2 Jan 2027", "Note removed: “Wheelchair Vegetarian”"):
        assert words in told
    staff.post(f"{address}/edit", data=form(*with_ids(cast.staff), date="2026-12-25"))
    assert one(cast.staff, Booking).service == "Bali", "what is not sent stays"


@pytest.mark.parametrize("until", ["2026-12-23", "soon", "2026-02-30", "2100-01-01"])
def test_a_last_day_that_can_not_be_is_asked_for(cast: Cast, staff: FlaskClient, until: str) -> None:
    answer = staff.post("/bookings/new", data=form(ALI, date_until=until, service="Umrah"))
    assert answer.status_code == 422
    assert (
        'href="#date_until">Enter a last day' in answer.text or 'href="#date_until">Enter the last day' in answer.text
    )
    assert f'value="{until}"' in answer.text
    assert 'value="Umrah"' in answer.text


def test_a_trip_that_has_begun_is_upcoming_until_its_last_day(cast: Cast, staff: FlaskClient) -> None:
    day = dt.timedelta(days=1)
    with cast.owner.acting():
        make_booking(number="UNDERWAY", date=TODAY - 3 * day, date_until=TODAY)
        make_booking(number="OVER", date=TODAY - 3 * day, date_until=TODAY - day)
    upcoming, past = (staff.get(f"/bookings?when={when}", headers=HTMX).text for when in ("upcoming", "past"))
    assert ("UNDERWAY" in upcoming, "OVER" in upcoming) == (True, False)
    assert ("UNDERWAY" in past, "OVER" in past) == (False, True)
    assert "UNDERWAY" in staff.get(f"/bookings?from={TODAY}&to={TODAY}", headers=HTMX).text


def test_tabs_lead_to_what_is_past_and_empty_ones_say_so(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        make_booking(number="OVER", date=TODAY - dt.timedelta(days=9))
    page = staff.get("/bookings").text
    assert "No upcoming bookings" in page
    assert 'href="/bookings?when=past"' in page
    assert "OVER" in staff.get("/bookings?q=over").text, "a search looks at all of them"
    assert 'href="/bookings?q=over&amp;when=all" aria-current="page"' in staff.get("/bookings?q=over").text


def test_the_api_has_them(app: Flask, cast: Cast) -> None:
    api = Client(app, cast.staff.token())
    given: dict[str, Any] = {"date": "2026-12-24", "date_until": "2027-01-02", "service": "Umrah", "note": "VIP"}
    made: Any = api.post("bookings/", json={**given, "persons": [ALI]}).json
    assert {key: made[key] for key in given} == given
    url = f"bookings/{made['id']}/"
    assert api.call("PATCH", url, json={"date_until": None, "note": None}).json["date_until"] is None  # type: ignore[index]
    assert api.get(url)["service"] == "Umrah"
    api.call("PATCH", url, json={"date_until": "2026-12-30"})
    for wrong in ({"date_until": "2026-12-23"}, {"date": "2026-12-31"}, {"date_until": "soon"}):
        answer: Any = api.call("PATCH", url, json=wrong)
        assert (answer.status_code, list(answer.json["errors"])) == (400, ["date_until"]), wrong
    assert [row["id"] for row in api.get("bookings/?search=umrah")["results"]] == [made["id"]]
