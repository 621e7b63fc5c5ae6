"""The home page: what stands on it while somebody searches, the pages of its list, and its rows."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask.testing import FlaskClient

from crm.loyalty.services import change_points
from crm.values import clock
from tests.factories import Cast, make_customer, make_message

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HTMX = {"HX-Request": "true"}


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    """Thirty customers, Siti among them with a due reminder."""
    with cast.staff.acting():
        for number in range(29):
            make_customer(name=f"Customer {number:02}", city="Bandung")
        siti = make_customer(name="Siti Rahma", phone="0812-3456-7890")
        make_message(
            customer_id=siti, channel="whatsapp", status="reminder", send_at=clock.utcnow() - dt.timedelta(hours=1)
        )
    return cast.staff.client()


def ranges(page: str) -> list[str]:
    return re.findall(r'<span class="muted">(\d+\u2013\d+[^<]*)</span>', page)


def next_of(page: str) -> str:
    found = re.search(r'rel="next" href="([^"]*)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def previous_of(page: str) -> str:
    found = re.search(r'rel="prev" href="([^"]*)"', page)
    return found[1].replace("&amp;", "&") if found else ""


@pytest.mark.parametrize("query", ["?q=siti", "?city=Bandung", "?status=active", "?per_page=25&page=2", "?tier=gold"])
def test_who_searches_sees_what_is_found_and_one_line_for_the_reminders(staff: FlaskClient, query: str) -> None:
    whole, part = staff.get("/").text, staff.get(f"/{query}").text

    assert 'aria-label="Due reminders"' in whole
    assert '<ul aria-label="Figures">' in whole
    assert "data-narrowed" not in whole
    assert 'aria-label="Due reminders"' not in part
    assert '<ul aria-label="Figures">' not in part
    assert '<div class="results" id="results" data-narrowed>' in part
    assert re.search(r'class="due-line">1 reminder due ·\s*<a href="/reminders">Show</a>', part)


def test_the_page_without_a_search_brings_back_what_stands_above(staff: FlaskClient) -> None:
    page = staff.get("/?q=siti").text
    seen = re.search(r'id="reminders-seen" name="seen" value="([^"]*)"', page)
    assert seen
    assert not seen[1], "whatever there is, is newer"
    answer = staff.get("/?seen=", headers={**HTMX, "HX-Target": "reminders"})
    assert 'aria-label="Due reminders"' in answer.text


def test_sorting_alone_hides_nothing(staff: FlaskClient) -> None:
    assert 'aria-label="Due reminders"' in staff.get("/?sort=name&per_page=25").text


def test_pages_say_where_they_are_and_lead_to_the_list(staff: FlaskClient) -> None:
    first = staff.get("/?sort=name&per_page=25").text
    assert ranges(first) == ["1\u201325", "1\u201325 of 30"]
    assert next_of(first).endswith("#results")

    second = staff.get(next_of(first)).text
    assert ranges(second) == ["26\u201330", "26\u201330 of 30"]
    assert "Siti Rahma" in second
    assert ranges(staff.get(previous_of(second)).text) == ["1\u201325", "1\u201325 of 30"]
    assert ranges(staff.get("/?q=siti").text) == []


def test_a_page_in_the_middle_says_which_rows_it_has(cast: Cast, staff: FlaskClient) -> None:
    with cast.staff.acting():
        for number in range(30, 60):
            make_customer(name=f"Customer {number:02}")
    second = next_of(staff.get("/?sort=name&per_page=25").text)
    assert ranges(staff.get(second).text)[1] == "26\u201350 of 60"
    unknown = re.sub(r"page=2&", "", second)
    assert unknown != second
    assert ranges(staff.get(unknown).text) == [], "a cursor alone doesn't say how far it is"
    assert ranges(staff.get(f"{second.split('#')[0]}&page=99999").text)[1] == "26\u201350 of 60"


def test_rows_show_only_what_a_customer_has(cast: Cast, staff: FlaskClient) -> None:
    with cast.staff.acting():
        change_points(make_customer(name="Wulan Sari"), 600)
    page = staff.get("/?q=a").text
    wulan = re.search(r"<tr[^>]*>(?:(?!</tr>).)*Wulan Sari.*?</tr>", page, re.DOTALL)
    siti = re.search(r"<tr[^>]*>(?:(?!</tr>).)*Siti Rahma.*?</tr>", page, re.DOTALL)
    assert wulan
    assert siti
    assert 'class="tier tier-gold">Gold<' in wulan[0]
    assert '<span class="initials" aria-hidden="true">WS</span>' in wulan[0]
    assert 'class="cell-points num">600<' in wulan[0]
    assert "tier-bronze" not in siti[0]
    assert '<td class="cell-points num"></td>' in siti[0]
    assert '<td class="cell-date num"></td>' in siti[0]


def test_a_head_sorts_and_says_so(staff: FlaskClient) -> None:
    page = staff.get("/?q=customer&sort=name").text
    assert re.search(r'<th scope="col" aria-sort="ascending">\s*<button[^>]*value="name"', page)
    assert page.count("aria-sort") == 1
    form = re.search(r'<form id="sorting".*?</form>', page, re.DOTALL)
    assert form
    assert '<input type="hidden" name="q" value="customer">' in form[0]
    assert 'name="sort"' not in form[0]


def test_empty_fields_of_a_form_leave_the_url(staff: FlaskClient) -> None:
    answer = staff.get("/?q=siti&tier=&status=&city=&province=&sort=")
    assert (answer.status_code, answer.location) == (302, "/?q=siti")
    assert staff.get("/?q=&tier=").location == "/"
    assert staff.get("/?q=siti&tier=", headers=HTMX).status_code == 200
    for path in ("/messages", "/leads", "/bookings", "/area-customers"):
        assert staff.get(f"{path}?q=a%26b&status=").location == f"{path}?q=a%26b", path
