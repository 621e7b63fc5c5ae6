"""The pages of groups, cohorts and value: their figures are links to as many rows, and what may not be said is not."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import sqlalchemy as sa

from crm.customers.models import Customer
from crm.invoices.models import Invoice
from crm.invoices.services import add_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.reports import services
from crm.reports.models import CustomerScore, ScoreRun
from crm.reports.words import GROUPS
from tests.factories import Cast, make_customer
from tests.reports.shop import Shop, big, naive, today
from tests.reports.test_figures import bind_to_branch, rows

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGES = ("/reports/rfm", "/reports/cohorts", "/reports/value")


def linked(page: str) -> dict[str, str]:
    """Return the texts of links to the list of customers by their queries."""
    links = re.findall(r'<a[^>]* href="/\?([^"#]*)#results"[^>]*>\s*(?:<bdi>)?([^<]*)<', page)
    return {html.unescape(query): text.strip() for query, text in links}


def number_of(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def filled(cast: Cast) -> Shop:
    shop = Shop(cast.owner, 7, customers=70)
    shop.buy_and_void_some()
    shop.merge_some()
    shop.undo_some()
    shop.archive_some()
    with cast.owner.acting():
        services.rebuild()
    return shop


@pytest.mark.parametrize("is_bound", [False, True])
def test_each_group_and_cell_is_the_number_of_rows_that_it_links_to(cast: Cast, is_bound: bool) -> None:
    shop = filled(cast)
    branch = shop.branches[1] if is_bound else None
    if branch:
        bind_to_branch(cast.viewer, branch)
    right, mine = naive(shop.lines(), today()), {line.customer for line in shop.lines(branch)}
    theirs = [right[id_] for id_ in mine]
    client = cast.viewer.client()
    page = client.get("/reports/rfm").text
    found = linked(page)
    for group in GROUPS:
        number = number_of(found[f"rfm={group}"])
        assert number == rows(client, f"rfm={group}")
        if group != "prospects":
            assert number == sum(one["rfm_group"] == group for one in theirs), group
    for r in range(1, 6):
        for fm in range(1, 6):
            cell = sum(one["r"] == r and (one["f"] + one["m"] + 1) // 2 == fm for one in theirs)
            assert number_of(found.get(f"scores={r}-{fm}", "0")) == cell == rows(client, f"scores={r}-{fm}")
    assert number_of(found["slipping=1"]) == rows(client, "slipping=1") == sum(one["is_slipping"] for one in theirs)
    slipping = [one for one in theirs if one["is_slipping"]]
    if slipping:
        assert page.partition('id="slipping"')[2].count("last here") == min(20, len(slipping))


@pytest.mark.parametrize("is_bound", [False, True])
def test_each_cell_of_a_cohort_links_to_its_customers(cast: Cast, is_bound: bool) -> None:
    shop = filled(cast)
    branch = shop.branches[1] if is_bound else None
    if branch:
        bind_to_branch(cast.viewer, branch)
    right, mine = naive(shop.lines(), today()), {line.customer for line in shop.lines(branch)}
    client = cast.viewer.client()
    found = linked(client.get("/reports/cohorts").text)
    assert is_bound or {"month", "within"} <= {name for query in found for name in re.findall(r"\w+(?==)", query)}
    for query, text in found.items():
        asked = dict(part.split("=") for part in query.split("&"))
        cohort = [right[id_] for id_ in mine if right[id_]["cohort"] == asked["cohort"]]
        came = [
            one
            for one in cohort
            if ("month" not in asked or one["months"] >> int(asked["month"]) & 1)
            and ("within" not in asked or (one["back_after"] or 999) <= int(asked["within"]))
        ]
        assert len(came) == rows(client, query) > 0, query
        is_share = "%" in text
        assert is_share == (len(asked) > 1 and len(cohort) >= 10), query
        assert number_of(text) == (round(100 * len(came) / len(cohort)) if is_share else len(came)), query


@SQLITE
def test_cut_offs_are_shown(cast: Cast) -> None:
    filled(cast)
    with cast.owner.acting():
        run = db.session.scalars(sa.select(ScoreRun)).one()
        ends = {name: sorted(cut.items()) for name, cut in run.found["cut_offs"].items()}
    page = cast.viewer.client().get("/reports/rfm").text
    text = re.sub(r"<[^>]*>", "", page)
    for _, (least, most) in ends["r"]:
        assert (f"{least}\N{EN DASH}{most} days" if least != most else f"{least} days") in text
    for _, (least, most) in ends["m"]:
        assert f"Rp {least // 100:,}".replace(",", ".") in text.replace("\xa0", " ")
        assert f"Rp {most // 100:,}".replace(",", ".") in text.replace("\xa0", " ")
    assert "in EUR are left out" in text or "in EUR is left out" in text


@SQLITE
def test_below_25_buyers_there_are_the_facts_and_what_is_missing(cast: Cast) -> None:
    with cast.owner.acting():
        for number in range(3):
            add_invoice(make_customer(name=f"Buyer {number}"), 150_000_00, today(), "Cake")
        services.rebuild()
    client = cast.viewer.client()
    page = client.get("/reports/rfm").text
    assert "Groups need 25 customers who bought lately; there are 3." in page
    assert page.count("1 purchase day, here today") == 3
    assert number_of(linked(page)["buyers=1"]) == rows(client, "buyers=1") == 3
    assert "Champions" not in page


@SQLITE
def test_before_the_first_night_and_without_purchases_the_pages_say_so(cast: Cast) -> None:
    client = cast.viewer.client()
    for path in PAGES:
        assert "Not computed yet" in client.get(path).text, path
    with cast.owner.acting():
        services.rebuild()
    for path in PAGES[:2]:
        assert "No purchases yet" in client.get(path).text, path
    page = client.get("/reports/value").text
    assert "It takes 200 customers who bought on two days or more; there are 0." in page
    assert "It takes 26 weeks since the first purchase; there are 0." in page


@SQLITE
def test_a_prediction_stands_beside_its_back_test(cast: Cast) -> None:
    big(cast.owner, 900)
    with cast.owner.acting():
        services.rebuild()
        run = db.session.scalars(sa.select(ScoreRun)).one()
        expected, chances = db.session.execute(
            sa.select(sa.func.sum(CustomerScore.expected), sa.func.sum(CustomerScore.comes_back))
        ).one()
        bought = db.session.scalar(sa.select(sa.func.count()).select_from(CustomerScore))
    page = re.sub(r"<[^>]*>", "", cast.viewer.client().get("/reports/value").text).replace("\xa0", " ")
    test = run.found["backtest"]
    assert f"13 weeks ago it foretold {round(test['foretold'])} purchases; {test['came']} came." in page
    digits = f"{round(expected, 2 - len(str(expected))) // 100:,}".replace(",", ".")
    assert f"about Rp {digits}" in page
    assert f"about {round(chances / 1_000)} customers" in page
    assert "So far" in page
    assert re.findall(r"of (\d+) customers", page) == [f"{bought}"] * 2, "a prediction has no link to those it is about"


@SQLITE
def test_what_was_far_off_is_hidden_with_the_sentence(cast: Cast) -> None:
    big(cast.owner, 900)
    with cast.owner.acting():
        with transaction() as session:
            since = today() - dt.timedelta(days=91)
            session.execute(sa.update(Invoice).where(Invoice.date > since).values(status="void"))
        services.rebuild()
    page = cast.viewer.client().get("/reports/value").text
    assert re.search(r"13 weeks ago it foretold \d+ purchases; 0 came\.", page)
    assert "That was off by more than 35%, so nothing is foretold." in page.replace("\xa0", "")
    assert "In the next 12 months" not in page
    assert "Coming back within" not in page


def found(**changes: object) -> dict[str, object]:
    near = {"weeks": 13, "foretold": 100.0, "came": 110}
    money = {"p": 6.25, "q": 3.74, "v": 15.44}
    return {"repeaters": 200, "weeks": 26, "is_sound": True, "backtest": near, "spending": money, **changes}


@SQLITE
def test_each_condition_of_a_prediction_is_named_when_it_is_missing(cast: Cast) -> None:
    client = cast.viewer.client()
    with cast.owner.acting():
        services.rebuild()
    for changes, sentence in (
        ({"repeaters": 199, "backtest": None}, "there are 199."),
        ({"weeks": 25, "backtest": None}, "there are 25."),
        ({"is_sound": False}, "follow no pattern"),
        ({"backtest": None}, "follow no pattern"),
        ({"backtest": {"weeks": 13, "foretold": 100.0, "came": 160}}, "off by more than 35%"),
        ({"spending": None, "correlation": 0.4}, "how often they come."),
        ({"spending": None, "correlation": -0.4}, "how often they come."),
        ({"spending": None, "correlation": 0.1}, "foretold: it follows no pattern"),
        ({}, ""),
    ):
        with cast.owner.acting(), transaction() as session:
            run = session.scalars(sa.select(ScoreRun)).one()
            run.found = {**run.found, **found(**changes)}
        page = client.get("/reports/value").text.replace("\xa0", "")
        assert sentence in page, changes
        assert ("Coming back within" in page) == ("spending" in changes or not changes), changes
        assert ("In the next 12 months" in page) == (not changes), changes


@SQLITE
def test_only_whom_one_may_see_is_named(cast: Cast) -> None:
    filled(cast)
    stranger = cast.stranger.client()
    with cast.stranger.acting():
        services.rebuild()
        assert not db.session.scalars(sa.select(Customer.id)).all()
    for path in PAGES:
        page = stranger.get(path)
        assert page.status_code == 200
        assert "Customer " not in re.sub(r"<[^>]*>", "", page.text), path


@SQLITE
def test_how_often_somebody_comes_is_said_as_people_do(cast: Cast) -> None:
    """The days of purchases before today, and the line."""
    lines = {
        (0,): "here today",
        (1,): "last here 1 day ago",
        (13, 20): "last here 13 days ago",
        (63, 84, 105): "usually every 3 weeks, last here 9 weeks ago",
        (0, 2, 4): "usually every 2 days, here today",
        (300, 400, 500): "usually every 3 months, last here 10 months ago",
    }
    with cast.owner.acting():
        ids = {ago: make_customer() for ago in lines}
        for ago, id_ in ids.items():
            for days in ago:
                add_invoice(id_, 5_00, today() - dt.timedelta(days=days), "")
        services.rebuild()
    page = cast.viewer.client().get("/reports/rfm").text
    for ago, line in lines.items():
        entry = page.partition(f'href="/customers/{ids[ago]}"')[2].partition("</li>")[0]
        assert f"{line}</span>" in entry, ago
