"""Badges by HTTP: who reaches the target gets it once, with what it gives, and says so."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa

from crm.badges import queries
from crm.badges.models import Badge, BadgeGrant
from crm.badges.rules import Metric, Period, Reward
from crm.customers import services as customers
from crm.invoices.services import void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.loyalty.models import LoyaltySettings
from crm.rewards.models import Voucher
from crm.values import clock
from crm.visits import services as visits
from tests.api.conftest import Client
from tests.badges.steps import POINTS, SQLITE, places, points, sell
from tests.factories import Cast, make_badge, make_customer, make_referral_code, make_reward
from tests.visits.test_visits import Clock


def test_the_pages_say_what_there_is_and_who_may_change_it(cast: Cast) -> None:
    manager, staff = cast.manager.client(), cast.staff.client()
    assert "No badges yet" in staff.get("/badges").text
    assert 'href="/badges/new"' not in staff.get("/badges").text
    assert staff.get("/badges/new").status_code == 403
    form = {"name": "Regular", "metric": "visits", "target": "10", "period": "month", "times": "", "reward": "points"}
    answer = manager.post("/badges/new", data={**form, "points": "50", "picture": "sun"})
    assert (answer.status_code, answer.location) == (303, "/badges")
    page = manager.get("/badges").text
    for said in ("Regular", "10 days with a visit", "in a month", "50 points", "as often as it is reached", "#sun"):
        assert said in page, said
    with cast.manager.acting():
        badge = db.session.scalars(sa.select(Badge)).one()
    assert (badge.period, badge.times, badge.points, badge.period_days) == (Period.MONTH, None, 50, None)
    edit = f"/badges/{badge.id}/edit"
    window = manager.get(edit).text
    assert 'value="Regular"' in window
    assert re.search(r'<option selected value="month"', window)
    changed = {"name": "Money", "metric": "spend", "target": "1.500,50", "period": "ever", "times": "2"}
    assert manager.post(edit, data={**changed, "reward": "none", "points": "7"}).status_code == 303
    with cast.manager.acting():
        badge = db.session.get_one(Badge, badge.id, populate_existing=True)
    assert (badge.target, badge.points, badge.times, badge.version) == (1_500_50, None, 2, 2)
    manager.post(f"/badges/{badge.id}/archive")
    assert "No badges yet" in manager.get("/badges").text
    assert "Money" in manager.get("/badges?show=archived").text
    manager.post(f"/badges/{badge.id}/restore")
    assert "Money" in manager.get("/badges").text
    assert "There is no view" in manager.get("/badges?show=other").text
    assert cast.stranger.client().get(edit).status_code == 404


def test_the_number_beside_a_badge_leads_to_who_has_it(cast: Cast) -> None:
    with cast.manager.acting():
        twice, once, archived = (make_customer(name=name) for name in ("Ani", "Budi", "Citra"))
        make_customer(name="Dewi")
        badge = make_badge(metric=Metric.PURCHASE_DAYS, target=1, times=2)
        for customer_id, day in ((twice, "2026-11-01"), (twice, "2026-11-02"), (once, "2026-11-02")):
            sell(customer_id, day)
        sell(archived, "2026-11-02")
        customers.archive_customer(archived)
    client = cast.staff.client()
    assert f'href="/?badge={badge}"' in client.get("/badges").text
    assert "2 customers have it" in client.get("/badges").text
    found = client.get(f"/?badge={badge}").text
    assert [name in found for name in ("Ani", "Budi", "Citra", "Dewi")] == [True, True, False, False]
    for unknown in ("999", "x", "9" * 30):
        assert "There is no badge" in client.get(f"/?badge={unknown}").text
    assert "There is no badge" in cast.stranger.client().get(f"/?badge={badge}").text


@SQLITE
def test_what_is_missing_is_asked_for(cast: Cast) -> None:
    client = cast.manager.client()
    right = {"name": "Regular", "metric": "visits", "target": "10", "period": "ever", "times": "1", "reward": "none"}
    for wrong, said in (
        ({"name": ""}, "Enter what the badge is called."),
        ({"target": "0"}, "Enter a whole number from 1 to"),
        ({"target": "ten"}, "Enter a whole number from 1 to"),
        ({"metric": "smiles"}, "Choose one from the list."),
        ({"metric": "spend", "target": "much"}, "amount"),
        ({"period": "rolling"}, "Enter a whole number from 1 to 3.660"),
        ({"times": "0"}, "Enter a whole number from 1 to 1.000"),
        ({"reward": "points"}, "Enter a whole number from 1 to 1.000.000"),
        ({"reward": "voucher"}, "Choose the reward that the voucher is for."),
        ({"picture": "../../etc"}, "Choose one from the list."),
    ):
        answer = client.post("/badges/new", data={**right, **wrong})
        assert answer.status_code == 422, wrong
        assert said in answer.text, wrong
    assert client.post("/badges/new", data={**right, "metric": "weeks in a row"}).status_code == 303


@SQLITE
def test_a_sentence_that_stands_at_two_fields_names_them(cast: Cast) -> None:
    form = {"name": "Regular", "metric": "visits", "target": "", "period": "rolling", "reward": "points"}
    page = cast.manager.client().post("/badges/new", data=form)
    assert page.status_code == 422
    said = "Enter a whole number from 1 to 1.000.000, digits only.</a>"
    assert {f'<a href="#target">How many: {said}', f'<a href="#points">Points: {said}'} <= set(
        re.findall(r'<a href="#\w+">.*?</a>', page.text, re.DOTALL)
    )
    assert '<a href="#period_days">Enter' in page.text


def test_the_api_keeps_badges(api: Client, staff_api: Client, stranger_api: Client) -> None:
    made = api.post("badges/", json={"name": "Regular", "metric": "visits", "target": 10})
    assert made.status_code == 201
    badge = made.json
    wanted = {"target": 10, "period": "ever", "times": 1, "reward": "none", "points": None, "picture": "star"}
    assert wanted.items() <= badge.items()
    path = f"badges/{badge['id']}/"
    assert api.call("PUT", path, json=api.get(path)).json == badge
    changed = api.call("PATCH", path, json={"metric": "spend", "target": "1500.50", "times": None})
    assert (changed.status_code, changed.json["target"], changed.json["times"]) == (200, "1500.50", None)
    rolling = api.call("PATCH", path, json={"period": "rolling", "period_days": 30, "reward": "points", "points": 5})
    assert (rolling.json["period_days"], rolling.json["points"]) == (30, 5)
    for wrong, field in (
        ({"target": 0}, "target"),
        ({"target": "many"}, "target"),
        ({"metric": "visits", "target": 1.5}, "target"),
        ({"metric": "smiles"}, "metric"),
        ({"metric": "visits"}, "target"),
        ({"period_days": None}, "period_days"),
        ({"points": None}, "points"),
        ({"reward": "voucher"}, "voucher"),
        ({"reward": "voucher", "voucher": 10**6}, "voucher"),
        ({"times": 0}, "times"),
        ({"picture": "me"}, "picture"),
    ):
        answer = api.call("PATCH", path, json=wrong)
        assert (answer.status_code, list(answer.json["errors"])) == (400, [field]), wrong
    assert api.post(f"{path}archive/").json["is_archived"]
    assert api.get("badges/")["count"] == 0
    assert api.get("badges/?archived=true")["count"] == 1
    assert not api.post(f"{path}restore/").json["is_archived"]
    assert staff_api.post("badges/", json={"name": "No", "metric": "visits", "target": 1}).status_code == 403
    assert stranger_api.call("GET", path).status_code == 404


def test_whoever_reaches_it_gets_it_once_with_its_points(cast: Cast, api: Client, customer: int, now: Clock) -> None:
    with cast.manager.acting():
        badge = make_badge(name="Regular", target=3, **POINTS)
    client = cast.staff.client()
    for number, moment in enumerate(("2026-11-26", "2026-11-27", "2026-11-28", "2026-11-29"), 1):
        now.at(f"{moment}T05:00:00")
        client.post(f"/customers/{customer}/check-ins")
        assert points(cast.staff, customer) == (50 if number >= 3 else 0), moment
    client.post(f"/customers/{customer}/check-ins")
    assert places(cast.staff, customer) == ["1"]
    page = client.get(f"/customers/{customer}").text
    assert re.search(r"Badges</dt>\s*<dd>.*?<bdi>Regular</bdi>", page, re.DOTALL)
    told = client.get(f"/customers/{customer}/timeline").text
    assert "Badge “Regular” reached" in told
    assert "With it: 50 points" in told
    (held,) = api.get(f"customers/{customer}/badges/")["results"]
    assert (held["badge"], held["name"], held["place"]) == (badge, "Regular", "1")
    assert "1 customer has it" in cast.manager.client().get("/badges").text


def test_every_metric_counts_what_it_says(cast: Cast, customer: int) -> None:
    with cast.manager.acting():
        by_metric = {
            metric: make_badge(metric=metric, target=target, times=None)
            for metric, target in (
                (Metric.VISITS, 4),
                (Metric.PURCHASE_DAYS, 3),
                (Metric.SPEND, 300_00),
                (Metric.WEEKS_IN_A_ROW, 3),
            )
        }
    held: dict[str, set[Metric]] = {}
    names = {id_: metric for metric, id_ in by_metric.items()}
    with cast.staff.acting():
        for step in ("2026-11-09", "2026-11-10", "2026-11-16", "check-in"):
            if step == "check-in":
                visits.check_in(customer)
            else:
                sell(customer, step)
            grants = db.session.scalars(sa.select(BadgeGrant.badge_id).where(BadgeGrant.taken_at.is_(None)))
            held[step] = {names[id_] for id_ in grants}
    bought = {Metric.PURCHASE_DAYS, Metric.SPEND}
    assert held == {
        "2026-11-09": set(),
        "2026-11-10": set(),
        "2026-11-16": bought,
        "check-in": {*bought, Metric.VISITS, Metric.WEEKS_IN_A_ROW},
    }


def test_as_often_as_it_says(cast: Cast, customer: int) -> None:
    with cast.manager.acting():
        make_badge(name="Ever", target=2, times=2, **POINTS)
        make_badge(name="Month", target=2, period=Period.MONTH, times=None, **POINTS)
        make_badge(name="Rolling", target=2, period=Period.ROLLING, period_days=2, times=None, **POINTS)
    with cast.staff.acting():
        for day in ("2026-11-21", "2026-11-22", "2026-11-24", "2026-11-25", "2026-11-28", "2026-11-29"):
            sell(customer, day)
    # The badges are of today: a rolling period ends today at the earliest.
    assert sorted(places(cast.staff, customer)) == ["1", "1", "2", "2026-11"]
    assert points(cast.staff, customer) == 4 * 50
    page = cast.staff.client().get(f"/customers/{customer}").text
    assert re.search(r"<bdi>Ever</bdi>\s*\xd72", page)


@SQLITE
def test_a_badge_comes_without_a_voucher_where_none_is_left(cast: Cast, customer: int) -> None:
    with cast.manager.acting():
        make_badge(target=1, reward=Reward.VOUCHER, reward_id=make_reward(stock=0))
    with cast.staff.acting():
        invoice = sell(customer, "2026-11-29")
        assert places(cast.staff, customer) == ["1"]
        assert db.session.scalars(sa.select(Voucher)).all() == []
        void_invoice(invoice)
    assert places(cast.staff, customer) == []


def test_friends_who_buy_are_counted_for_whoever_brought_them(
    cast: Cast, customer: int, staff_api: Client, now: Clock
) -> None:
    # The hold begins by the database's clock.
    now.at(f"{dt.datetime.now(dt.UTC) + dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%S}")
    with cast.manager.acting():
        make_badge(metric=Metric.REFERRALS, target=2, **POINTS)
        with transaction() as session:
            session.add(LoyaltySettings(referral_hold_days=0))
        code = make_referral_code(customer)
    invoices = []
    for number, name in enumerate(("Bambang Sutrisno", "Rina Wulandari")):
        friend = staff_api.make(name=name, phone=f"081399998{number}88", referred_by=code)["id"]
        with cast.staff.acting():
            invoices.append(sell(friend, "2026-11-29"))
        assert places(cast.staff, customer) == ["1"][:number]
    assert points(cast.staff, customer) == 50
    with cast.staff.acting():
        void_invoice(invoices[0])
    assert (places(cast.staff, customer), points(cast.staff, customer)) == ([], 0)


def test_who_has_a_badge_keeps_it_when_its_rule_changes_or_it_is_archived(cast: Cast, customer: int) -> None:
    manager = cast.manager.client()
    with cast.manager.acting():
        badge, archived = make_badge(target=1, **POINTS), make_badge(target=1)
    with cast.staff.acting():
        visits.check_in(customer)
        other = make_customer()
    form = {"name": "Regular", "metric": "visits", "target": "100", "period": "ever", "times": "1", "reward": "points"}
    manager.post(f"/badges/{badge}/edit", data={**form, "points": "50"})
    manager.post(f"/badges/{archived}/archive")
    with cast.staff.acting():
        sell(customer, "2026-11-20")
        visits.check_in(other)
    assert (places(cast.staff, customer), points(cast.staff, customer)) == (["1", "1"], 50)
    assert places(cast.staff, other) == []


def test_a_badge_says_that_its_reward_is_no_longer_offered(cast: Cast, api: Client, customer: int) -> None:
    client = cast.manager.client()
    with cast.manager.acting():
        reward, gone = make_reward(name="Coffee"), make_reward(name="Old cake")
        badge = make_badge(name="Regular", target=1, reward=Reward.VOUCHER, reward_id=reward)
    for id_ in (reward, gone):
        assert client.post(f"/rewards/{id_}/archive").status_code == 303
    page = client.get("/badges").text
    assert "Voucher: <bdi>Coffee</bdi>" in page
    assert "no longer offered" in page
    with cast.staff.acting():
        sell(customer, "2026-11-29")
        assert db.session.scalars(sa.select(Voucher)).all() == []
    window = client.get(f"/badges/{badge}/edit").text
    assert re.search(rf'<option selected value="{reward}">Coffee', window)
    form = {"name": "Loyal", "metric": "visits", "target": "1", "period": "ever", "times": "1", "reward": "voucher"}
    assert client.post(f"/badges/{badge}/edit", data={**form, "voucher": str(reward)}).status_code == 303
    assert client.post(f"/badges/{badge}/edit", data={**form, "voucher": str(gone)}).status_code == 422
    assert api.call("PATCH", f"badges/{badge}/", json={"name": "Loyal too"}).json["voucher"] == reward
    assert "voucher" in api.call("PATCH", f"badges/{badge}/", json={"voucher": gone}).json["errors"]


@SQLITE
def test_badges_in_use_are_looked_at_however_many_were_archived(
    cast: Cast, customer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST", 1)
    client = cast.manager.client()
    with cast.manager.acting():
        archived = make_badge(target=1)
        make_badge(target=1, **POINTS)
    client.post(f"/badges/{archived}/archive")
    with cast.staff.acting():
        sell(customer, "2026-11-29")
    assert points(cast.staff, customer) == 50


@SQLITE
def test_days_are_the_organizations(cast: Cast, customer: int, now: Clock) -> None:
    """A visit at 23:59 and one at 00:01 in Jakarta are two days, and weeks begin on its Monday."""
    with cast.manager.acting():
        make_badge(target=2)
        make_badge(metric=Metric.WEEKS_IN_A_ROW, target=2)
    held: Any = []
    with cast.staff.acting():
        for moment in ("2026-11-29T12:00:00", "2026-11-29T16:59:00", "2026-11-29T20:01:00"):
            now.at(moment)
            visits.check_in(customer)
            held.append(len(places(cast.staff, customer)))
    assert held == [0, 0, 2]
    assert clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta")).date() == dt.date(2026, 11, 30)
