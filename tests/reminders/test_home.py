"""The first reminders on the home page, and their number on every page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from tests.factories import Cast, make_commitment, make_follow_up, make_message

Listed = Callable[..., list[str]]
HOUR = dt.timedelta(hours=1)
POLL = {"HX-Request": "true", "HX-Target": "reminders"}


def test_the_home_page_shows_the_first_five_in_the_same_order(cast: Cast, noon: dt.datetime, listed: Listed) -> None:
    with cast.owner.acting():
        for hours in range(1, 4):
            make_message(channel="whatsapp", status="reminder", send_at=noon - hours * HOUR)
            make_follow_up(due_at=noon - hours * HOUR)
        make_commitment(promised_date=(noon - 48 * HOUR).date())
    staff = cast.staff.client()

    page = staff.get("/").text

    assert listed(staff, "/") == listed(staff, "/reminders")[:5]
    assert 'aria-label="Due reminders"' in page
    assert re.search(r'<h2 id="due">To do now</h2><span class="count">7<', page)
    assert re.search(r'href="/reminders">\s*Show all 7<', page)


def test_the_number_stands_in_the_navigation_and_in_titles(cast: Cast, noon: dt.datetime) -> None:
    with cast.owner.acting():
        make_message(status="reminder", send_at=noon - HOUR)
        call = make_follow_up(due_at=noon - HOUR)
    staff = cast.staff.client()

    for path in ("/", "/reminders", "/messages", "/leads", "/reports"):
        page = staff.get(path).text
        assert "<title>(2) " in page, path
        assert re.search(r'id="bar-home-index">\s*2<span class="visually-hidden"> to do now<', page), path
    seen = re.search(r'name="seen" value="(\w+)"', staff.get("/").text)
    assert seen
    staff.post(f"/follow-ups/{call}/done")
    answer = staff.get("/", query_string={"seen": seen[1]}, headers=POLL).text
    assert "<title>(1) Customers · " in answer
    assert re.search(r'id="bar-home-index" hx-swap-oob="true">\s*1<', answer)
    assert "<title>Customers" not in answer
    assert "<title>(" not in cast.stranger.client().get("/").text


def test_a_folded_list_stays_folded(cast: Cast, noon: dt.datetime) -> None:
    with cast.owner.acting():
        make_message(status="reminder", send_at=noon - HOUR)
    staff = cast.staff.client()
    assert re.search(r'<details class="due-fold" open', staff.get("/").text)
    staff.set_cookie("fold-reminders", "1")
    assert re.search(r'<details class="due-fold" data-fold', staff.get("/").text)
