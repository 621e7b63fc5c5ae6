"""The overview of reports: cards, which the home page has too, charts, and the lists that they lead to."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.customers.bulk_models import Action
from crm.customers.filters import Selection
from crm.customers.models import Customer
from crm.customers.services import archive_customer, change_many
from crm.kernel.db import transaction
from crm.loyalty.services import change_points
from crm.reports.customer_totals import new_by_month
from crm.values import clock
from tests.factories import Cast, make_customer

HTMX = {"HX-Request": "true"}
ZONE = clock.zone("Asia/Jakarta")


@pytest.fixture
def viewer(cast: Cast) -> FlaskClient:
    return cast.viewer.client()


@pytest.fixture
def month(cast: Cast) -> str:
    """The month of four customers: two bronze, one of them inactive, a silver and, ten months ago, a gold one."""
    with cast.owner.acting():
        change_many(Selection.of([make_customer(name="Inactive")]), Action.DEACTIVATE)
        make_customer(name="Bronze")
        change_points(make_customer(name="Silver"), 400)
        gold = make_customer(name="Gold")
        change_points(gold, 900)
        archive_customer(make_customer(name="Archived"))
        long_ago = new_by_month()[1].month
        with transaction() as session:
            session.execute(sa.update(Customer).where(Customer.id == gold).values(created_month=long_ago))
    return clock.month_of(clock.utcnow(), ZONE)


def cards(text: str) -> dict[str, tuple[str, str]]:
    """Return each card's number and link by its words."""
    found = re.findall(r'<a href="([^"]*)"><b>([\d.]+)</b> <span[^>]*>([^<]*)</span></a>', text)
    return {words: (number, link) for link, number, words in found}


def number_listed(client: FlaskClient, url: str) -> str:
    found = re.search(r'count-line">([\d,+]+) customer', client.get(url).text)
    return found[1] if found else "0"


@pytest.mark.parametrize("address", ["/", "/reports"])
def test_each_card_says_a_figure_and_leads_to_what_it_counts(viewer: FlaskClient, month: str, address: str) -> None:
    found = cards(viewer.get(address).text)
    assert {words: number for words, (number, _) in found.items()} == {
        "customers": "4",
        "active": "3",
        "points": "1.300",
        "Bronze": "2",
        "Silver": "1",
        "Gold": "1",
        "Platinum": "0",
    }
    for words, (number, link) in found.items():
        assert words == "points" or number_listed(viewer, link) == number, words


def test_with_htmx_the_cards_come_alone(viewer: FlaskClient, month: str) -> None:
    answer = viewer.get("/reports", headers=HTMX)
    assert answer.text.startswith('<div class="figures" id="figures"')
    assert len(cards(answer.text)) == 7
    assert "</html>" not in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_a_chart_says_in_words_what_it_shows(cast: Cast, viewer: FlaskClient, month: str) -> None:
    page = viewer.get("/reports").text
    with cast.viewer.acting():
        months = new_by_month()
    assert [each.customers for each in months] == [0, 1, *[0] * 9, 3]
    assert months[-1].month == month
    lines = re.findall(
        r'<th scope="row">(\w+ \d{4})</th>(?:(?!</tr>).)*<a href="(/\?created=[\d-]+)#results">(\d+)</a>',
        page,
        re.DOTALL,
    )
    assert [(label, int(number)) for label, _, number in lines] == [(each.label, each.customers) for each in months]
    for _, link, number in lines:
        assert number_listed(viewer, link) == number
    assert "<bdi>50%</bdi>" in page
    assert 'width="33.33"' in page


def test_the_list_of_a_month_says_so_and_lets_it_go(viewer: FlaskClient, month: str) -> None:
    page = viewer.get(f"/?created={month}&tier=silver").text
    assert re.search(rf'<input[^>]*name="created" value="{month}">', page), "kept while other filters are chosen"
    assert f'<span class="muted">New in</span> {clock.say_month(month)}<' in page
    assert ("Silver</a>" in page, "Bronze</a>" in page) == (True, False)
    for wrong in ("2026-13", "x", "2026-1", "2026-01-01", "٢٠٢٦-01"):
        assert number_listed(viewer, f"/?created={wrong}") == "0", "no such month, so nobody came in it"
    assert "Nobody matches" in viewer.get("/?created=2001-01").text


def test_the_month_is_the_organizations(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 18:30 UTC on the last of October it is November in Jakarta."""
    monkeypatch.setattr(clock, "utcnow", lambda: dt.datetime(2026, 10, 31, 18, 30, tzinfo=dt.UTC))
    with cast.owner.acting():
        make_customer()
        months = new_by_month()
    assert (months[0].month, months[-1]) == ("2025-12", ("2026-11", 1))


def test_nothing_is_counted_where_nobody_is(viewer: FlaskClient) -> None:
    page = viewer.get("/reports").text
    assert "No data yet" in page
    assert "Add customer" not in page
    assert cards(page) == cards(viewer.get("/").text) == {}


def test_figures_are_in_the_navigation_of_everyone(viewer: FlaskClient) -> None:
    assert '<a class="header-link" href="/reports">Reports</a>' in viewer.get("/").text
    assert 'href="/reports" aria-current="page">Reports' in viewer.get("/reports").text
