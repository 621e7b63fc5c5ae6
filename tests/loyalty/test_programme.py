"""Settings, Loyalty: the rules of points; and what customers' pages and the API say by them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.customers.models import Customer
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.loyalty import queries
from crm.loyalty.models import LoyaltySettings, PointsEntry, PointsMultiplier
from crm.loyalty.services import change_points
from crm.values import clock
from tests.api.conftest import Client
from tests.factories import Cast, make_customer
from tests.loyalty.test_lots import Clock, rule, time

__all__ = ["time"]

TODAY = dt.date(2027, 1, 10)


@pytest.fixture
def owner(cast: Cast, time: Clock) -> FlaskClient:
    return cast.owner.client()


def saved(cast: Cast) -> LoyaltySettings:
    with cast.owner.acting():
        return queries.settings_here()


def save(client: FlaskClient, **fields: Any) -> Any:
    return client.post("/settings/loyalty", data={name: str(value) for name, value in fields.items()})


def test_all_rules_are_kept_and_shown(cast: Cast, owner: FlaskClient) -> None:
    sent = {
        "earn_points": 3,
        "earn_per": "10.000",
        "expiry": "months",
        "expiry_months": 6,
        "expiry_days": 90,
        "expiry_day": "06-30",
        "return_grace_days": 14,
        "tier_window": "rolling",
        "tier_grace_days": 20,
        "check_in_hours": 5,
        "referrer_points": 500,
        "friend_points": 250,
        "referral_minimum": "25.000",
        "referral_hold_days": 7,
        "referral_weekly_limit": 4,
        "bonus_counts": "",
        "multipliers_add_up": "y",
        "expired_vouchers_return": "y",
    }
    assert save(owner, **sent).status_code == 303
    found = saved(cast)
    assert (found.expiry, found.expiry_months, found.expiry_days, found.expiry_day) == ("months", 6, 90, "06-30")
    assert (found.return_grace_days, found.tier_window, found.tier_grace_days) == (14, "rolling", 20)
    assert (found.check_in_hours, found.referrer_points, found.friend_points) == (5, 500, 250)
    assert (found.referral_minimum, found.referral_hold_days, found.referral_weekly_limit) == (25_000_00, 7, 4)
    assert (found.bonus_counts, found.multipliers_add_up, found.expired_vouchers_return) == (False, True, True)
    page = owner.get("/settings/loyalty").text
    for name, value in sent.items():
        if name not in ("expiry", "tier_window", "bonus_counts", "multipliers_add_up", "expired_vouchers_return"):
            assert f'name="{name}" type="text" value="{value}"' in page, name
    assert '<option selected value="months">' in page


def test_a_field_that_is_not_sent_stays(cast: Cast, owner: FlaskClient) -> None:
    save(owner, expiry="days", expiry_days=30, bonus_counts="")
    assert save(owner, earn_points=1, earn_per=1_000).status_code == 303
    found = saved(cast)
    assert (found.expiry, found.expiry_days, found.bonus_counts, found.return_grace_days) == ("days", 30, False, 30)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_makes_no_sense_is_said_at_its_field(cast: Cast, owner: FlaskClient) -> None:
    for name, value in (
        ("expiry", "never"),
        ("expiry_months", "0"),
        ("expiry_months", "x"),
        ("expiry_days", "99999"),
        ("expiry_day", "02-30"),
        ("expiry_day", "1-1"),
        ("return_grace_days", "-1"),
        ("tier_window", "week"),
        ("tier_grace_days", ""),
        ("check_in_hours", "9" * 30),
        ("referrer_points", "1000001"),
        ("referral_minimum", "abc"),
        ("earn_points", "100000"),
        ("earn_per", "5"),
    ):
        answer = save(owner, **{name: value})
        assert answer.status_code == 422, (name, value)
        assert f'id="{name}-error"' in answer.text, (name, value)
    with cast.owner.acting():
        assert db.session.scalar(sa.select(LoyaltySettings.id)) is None


def test_only_owners_change_the_rules(cast: Cast, owner: FlaskClient) -> None:
    for person in (cast.manager, cast.staff, cast.viewer):
        assert person.client().get("/settings/loyalty").status_code == 403
        assert save(person.client(), expiry="days").status_code == 403


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_multipliers_are_rows_of_their_own(cast: Cast, owner: FlaskClient) -> None:
    made = owner.post("/settings/loyalty/multipliers/new", data={"kind": "weekday", "weekday": "6", "times": "1,5"})
    assert made.status_code == 303
    page = owner.get("/settings/loyalty").text
    assert ">Sunday</a>" in page
    assert "<bdi>1.5\u00d7</bdi>" in page
    with cast.owner.acting():
        row = db.session.scalars(sa.select(PointsMultiplier)).one()
        assert (row.kind, row.weekday, row.tier, row.thousandths) == ("weekday", 6, None, 1_500)
        url = f"/settings/loyalty/multipliers/{row.id}"
    for data in (
        {"kind": "tier", "tier": "gold", "times": "0.5"},
        {"kind": "dates", "times": "2"},
        {"kind": "dates", "starts_on": "2027-02-02", "ends_on": "2027-02-01", "times": "2"},
        {"kind": "dates", "starts_on": "soon", "times": "2"},
        {"kind": "branch", "branch": "999", "times": "2"},
        {"kind": "moon", "times": "2"},
    ):
        assert owner.post(f"{url}/edit", data=data).status_code == 422, data
    assert owner.post(f"{url}/edit", data={"kind": "tier", "tier": "gold", "times": "2"}).status_code == 303
    assert "From Gold on" in owner.get("/settings/loyalty").text
    assert owner.post(f"{url}/delete").status_code == 303
    assert "No multipliers" in owner.get("/settings/loyalty").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_highest_multiplier_that_fits_wins_or_they_add_up(cast: Cast, owner: FlaskClient) -> None:
    save(owner, earn_points=3, earn_per="10.000")
    for data in (
        {"kind": "weekday", "weekday": "6", "times": "2"},
        {"kind": "dates", "starts_on": "2027-01-10", "ends_on": "2027-01-10", "times": "1.5"},
        {"kind": "tier", "tier": "gold", "times": "5"},
    ):
        owner.post("/settings/loyalty/multipliers/new", data=data)
    with cast.staff.acting():
        customer = make_customer()
    for day, add_up, earned in (
        (TODAY, "", 9),  # a Sunday: 15,000 at 3 per 10,000, twice
        (TODAY - dt.timedelta(days=1), "", 4),
        (TODAY, "y", 11),
    ):
        save(owner, multipliers_add_up=add_up)
        with cast.staff.acting():
            invoice = add_invoice(customer, 15_000_00, day, "")
            entry = db.session.scalars(sa.select(PointsEntry).order_by(PointsEntry.id.desc()).limit(1)).one()
            assert entry.applied == earned, (day, add_up)
            assert entry.rule is not None
            void_invoice(invoice.id)
            assert queries.differences() == []


def test_the_page_and_the_api_say_what_can_be_spent_and_until_when(app: Flask, cast: Cast) -> None:
    """By the clock of the day: a token is good by the true one alone."""
    with cast.staff.acting():
        today = queries.today_here()
        customer = make_customer(name="Ibu Sari")
        change_points(customer, 100)
        for days, points in ((10, 50), (15, 30), (15, 5)):
            rule(expiry="days", expiry_days=days)
            change_points(customer, points)
        first, second = today + dt.timedelta(days=10), today + dt.timedelta(days=15)
    api = Client(app, cast.staff.token())

    def found() -> Any:
        answer: Any = api.get(f"customers/{customer}/")
        (listed,) = api.get("customers/")["results"]
        assert listed == {name: answer[name] for name in listed}
        return answer

    assert found()["loyalty_points"] == 185
    assert found()["points_expiring"] == [
        {"date": first.isoformat(), "points": 50},
        {"date": second.isoformat(), "points": 35},
    ]
    assert (found()["tier_since"], found()["next_tier"]) == (today.isoformat(), "Gold")
    assert (found()["points_to_next_tier"], found()["points_owed"]) == (315, 0)
    page = cast.staff.client().get(f"/customers/{customer}").text
    assert f"50 points until {clock.say_date(first, today, inside=True)}" in page
    assert f"35 points until {clock.say_date(second, today, inside=True)}" in page
    assert "Silver since today: 185 points earned so far. 315 more to Gold." in page

    with cast.staff.acting(), transaction() as session:
        over = today - dt.timedelta(days=1)
        session.execute(sa.update(PointsEntry).where(PointsEntry.expires_on == first).values(expires_on=over))
    assert (found()["loyalty_points"], len(found()["points_expiring"])) == (135, 1)
    assert '<span class="count">135</span>' in cast.staff.client().get(f"/customers/{customer}").text


def test_the_command_ends_points_once(app: Flask, cast: Cast, owner: FlaskClient, time: Clock) -> None:
    def run() -> Any:
        result = app.test_cli_runner().invoke(args=["loyalty", "expire", "--json", "--organization", "shop"])
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    with cast.staff.acting():
        rule(expiry="days", expiry_days=10)
        ids = [make_customer() for _ in range(60)]
        for id_ in ids:
            change_points(id_, 30)
            change_points(id_, 20)
        change_points(ids[0], -45)
    nothing = {"lots": 0, "points": 0, "customers": 0, "tiers": 0, "notices": 0}
    time.move(10)
    assert run() == nothing
    time.move(1)
    assert run() == {"lots": 119, "points": 60 * 50 - 45, "customers": 60, "tiers": 0, "notices": 0}
    assert run() == nothing
    with cast.staff.acting():
        assert queries.differences() == []
        assert set(db.session.scalars(sa.select(Customer.loyalty_points))) == {0}
        last = db.session.scalars(sa.select(PointsEntry).order_by(PointsEntry.id.desc()).limit(1)).one()
        assert (last.kind, last.asked, last.applied, last.balance, last.key) == (
            "expire",
            -20,
            -20,
            0,
            f"expire:{last.of_id}",
        )
    assert "Points ended" in cast.staff.client().get(f"/customers/{ids[1]}").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_policy_is_for_new_points_unless_the_owner_says_so(cast: Cast, owner: FlaskClient, time: Clock) -> None:
    with cast.staff.acting():
        customer = make_customer()
        change_points(customer, 10)
    save(owner, expiry="days", expiry_days=5)

    def dates() -> list[str | None]:
        with cast.staff.acting():
            return [lot.expires_on and lot.expires_on.isoformat() for lot in queries.open_lots(customer)]

    assert dates() == [None]
    save(owner, existing_too="y")
    assert dates() == ["2027-02-09"], "no nearer than 30 days"
    save(owner, expiry="months", expiry_months=12, existing_too="y")
    assert dates() == ["2028-01-31"]
    save(owner, expiry="none", existing_too="y")
    assert dates() == [None]
