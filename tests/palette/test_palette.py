"""The search over everything finds people and bookings as they are typed, and offers what the reader may do."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import Cast, make_booking, make_customer, make_lead

HTMX = {"HX-Request": "true"}
sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def found(client: FlaskClient, q: str) -> str:
    return client.get("/palette", query_string={"q": q} if q else {}).text


def test_it_finds_people_however_they_are_typed(app: Flask, cast: Cast) -> None:
    people = {
        "Jürgen Köln": ("Koeln", "Köln", "juergen", "koln"),
        "Sean O'Brien": ("OBrien", "O\u2019Brien", "o'brien"),
        "田中 太郎": ("田中太郎", "田中 太郎", "太郎"),
        "Siti Rahma": ("+62 0812 3456 7890", "0812-3456-7890", "tel:+6281234567890", "wa.me/6281234567890", "A1234567"),
    }
    with cast.owner.acting():
        for name in people:
            more = {"phone": "0812 3456 7890", "passport_number": "A1234567"} if name == "Siti Rahma" else {}
            make_customer(name=name, **more)
    client = cast.viewer.client()
    for name, spellings in people.items():
        for typed in spellings:
            assert name.replace("'", "&#39;") in found(client, typed), typed
            assert name.replace("'", "&#39;") in client.get("/", query_string={"q": typed}).text, typed


def test_it_finds_bookings_by_number_and_leads_by_phone(cast: Cast) -> None:
    with cast.owner.acting():
        booking = make_booking(number="BALI-77", persons=[{"name": "Rina Wijaya", "is_lead": True}])
        lead = make_lead(name="Budi Calon", phone="0813 9999 0000")
    client = cast.staff.client()
    page = found(client, "bali-77")
    assert f'href="/bookings/{booking}"' in page
    assert "Rina Wijaya" in page
    assert f'href="/leads/{lead}"' in found(client, "+62 813-9999-0000")


@sqlite_alone
def test_it_offers_what_the_reader_may_do(cast: Cast) -> None:
    staff, viewer = found(cast.staff.client(), ""), found(cast.viewer.client(), "")
    assert 'href="/customers/new"' in staff
    assert 'href="/customers/new"' not in viewer
    assert "/settings/organization" not in staff
    assert "/settings/organization" in found(cast.owner.client(), "settings")
    assert 'action="/logout"' in viewer
    assert len(re.findall("palette-item", found(cast.owner.client(), ""))) <= 20


@sqlite_alone
def test_what_writes_is_posted_with_a_token(cast: Cast) -> None:
    client = cast.staff.client()
    fragment = client.get("/palette?q=sign+out", headers=HTMX).text
    assert re.search(r'<button[^>]*role="option"[^>]*formaction="/logout"', fragment)
    assert re.search(r'id="palette-post" method="post"><input type="hidden" name="csrf_token" value="[^"]+"', fragment)


@sqlite_alone
def test_it_shows_20_things_at_most_and_asks_as_much_for_many_as_for_few(cast: Cast) -> None:
    with cast.owner.acting():
        for number in range(12):
            make_customer(name=f"Added Customer {number}")
            make_lead(name=f"Added Lead {number}")
            make_booking(persons=[{"name": f"Added Person {number}"}])
    page = cast.owner.client().get("/palette?q=add", headers=HTMX).text
    assert 15 <= page.count('role="option"') <= 20


@sqlite_alone
def test_it_finds_nothing_of_another_organization(cast: Cast) -> None:
    with cast.stranger.acting():
        make_customer(name="Rahasia Tetangga", phone="0812 1111 2222", passport_number="X7654321")
    for q in ("Rahasia", "0812 1111 2222", "X7654321"):
        assert "Rahasia Tetangga" not in found(cast.owner.client(), q)


@sqlite_alone
def test_nothing_found_says_so_and_any_text_may_be_asked(cast: Cast) -> None:
    client = cast.viewer.client()
    assert "Nothing matches “zzzz”" in found(client, "zzzz")
    for q in ('"', "' OR 1=1 --", "%", "<b>", "\x00\u202e", "a" * 5_000, "🎂"):
        assert client.get("/palette", query_string={"q": q}).status_code == 200
        assert client.get("/palette", query_string={"q": q}, headers=HTMX).status_code == 200


@sqlite_alone
def test_every_page_has_a_door_to_it(cast: Cast) -> None:
    client = cast.viewer.client()
    for url in ("/", "/leads", "/account/preferences", "/nonsense", "/settings/users"):
        page = client.get(url).text
        assert re.search(
            r'<form class="header-search" id="search" tabindex="-1" role="search" action="/palette"', page
        ), url
        assert 'href="#search" data-search>Skip to the search' in page
