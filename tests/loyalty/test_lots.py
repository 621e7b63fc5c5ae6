"""Lots and what is drawn from them: spending, giving back, clawing back, what is owed, and what ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.kernel.idempotency import KeyReusedError
from crm.loyalty import queries, services
from crm.loyalty.models import LoyaltySettings, PointsDraw, PointsEntry
from crm.loyalty.rules import Kind
from crm.loyalty.services import TooFewError, change_points, claw_back, give_back, grant, redeem, reverse
from crm.loyalty.signals import tier_reached
from crm.values import clock
from tests.factories import Cast, make_customer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
START = dt.datetime(2027, 1, 10, 3, 0, tzinfo=dt.UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def move(self, days: int) -> None:
        self.now += dt.timedelta(days=days)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moving = Clock()
    monkeypatch.setattr(clock, "utcnow", lambda: moving.now)
    return moving


@pytest.fixture
def customer(cast: Cast, time: Clock) -> Iterator[int]:
    with cast.staff.acting():
        yield make_customer(name="Ibu Sari")
        assert queries.differences() == []


def rule(**values: object) -> None:
    with transaction() as session:
        row = session.scalars(sa.select(LoyaltySettings)).one_or_none() or LoyaltySettings(**values)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def lots(customer_id: int) -> list[tuple[str | None, int]]:
    """Return the open lots: their last day, and what is left."""
    return [(lot.expires_on and lot.expires_on.isoformat(), lot.left) for lot in queries.open_lots(customer_id)]


def state(customer_id: int) -> tuple[int, int, str]:
    found = db.session.get_one(Customer, customer_id)
    return found.loyalty_points, found.points_owed, found.tier


def spendable(customer_id: int) -> int:
    return queries.spendable(customer_id, queries.today_here())


def kinds() -> list[tuple[str, int, int]]:
    rows = db.session.scalars(sa.select(PointsEntry).order_by(PointsEntry.id))
    return [(row.kind.value, row.asked, row.applied) for row in rows]


def test_spending_takes_the_lot_that_ends_first(customer: int, time: Clock) -> None:
    change_points(customer, 50)
    rule(expiry="days", expiry_days=60)
    change_points(customer, 50)
    rule(expiry_days=20)
    change_points(customer, 50)
    assert sorted(lots(customer), key=str) == [("2027-01-30", 50), ("2027-03-11", 50), (None, 50)]
    redeem(customer, 70, "r1", "Reward", "Coffee")
    assert sorted(lots(customer), key=str) == [("2027-03-11", 30), (None, 50)]
    redeem(customer, 80, "r2", "Reward", "Cake")
    assert lots(customer) == []
    assert state(customer) == (0, 0, "silver"), "spending never lowers a tier"


def test_it_is_whole_or_not_at_all_and_once(cast: Cast, customer: int) -> None:
    change_points(customer, 40)
    with pytest.raises(TooFewError, match=r"^Ibu Sari has 40 points to spend\.$") as refused:
        redeem(customer, 41, "r1", "Reward", "")
    assert refused.value.status == 409
    first = redeem(customer, 40, "r1", "Reward", "Coffee")
    assert redeem(customer, 40, "r1", "Reward", "Coffee").id == first.id
    with pytest.raises(KeyReusedError):
        redeem(customer, 30, "r1", "Reward", "Coffee")
    with pytest.raises(TooFewError, match="has no points to spend"):
        redeem(customer, 1, "r2", "Reward", "")
    assert kinds() == [("manual", 40, 40), ("redeem", -40, -40)]


def test_what_is_past_its_date_is_not_spent_whatever_the_job_did(customer: int, time: Clock) -> None:
    change_points(customer, 30)
    rule(expiry="days", expiry_days=1)
    change_points(customer, 50)
    time.move(1)
    assert spendable(customer) == 80, "its last day is a whole day"
    time.move(1)
    assert spendable(customer) == 30
    with pytest.raises(TooFewError, match="has 30 points"):
        redeem(customer, 31, "r1", "Reward", "")
    redeem(customer, 30, "r1", "Reward", "")
    assert kinds()[-2:] == [("expire", -50, -50), ("redeem", -30, -30)]
    assert state(customer) == (0, 0, "bronze")


def test_a_manual_deduction_takes_none_that_are_over(customer: int, time: Clock) -> None:
    rule(expiry="days", expiry_days=1)
    change_points(customer, 50)
    time.move(2)
    entry = change_points(customer, -20)
    assert (entry.asked, entry.applied, entry.balance) == (-20, 0, 0)
    assert kinds()[1] == ("expire", -50, -50)
    assert state(customer)[1] == 0


def test_giving_back_returns_to_the_same_lots(customer: int, time: Clock) -> None:
    rule(expiry="days", expiry_days=10)
    change_points(customer, 50)
    rule(expiry="none")
    change_points(customer, 50)
    spent = redeem(customer, 70, "r1", "Reward", "Coffee")
    time.move(10)
    back = give_back(spent.id, "Reward")
    assert (back.kind, back.applied, back.remaining) == (Kind.RETURN, 70, 0)
    assert lots(customer) == [(None, 50), ("2027-01-20", 50)]
    assert give_back(spent.id, "Reward").id == back.id
    with pytest.raises(ConflictError):
        reverse(spent.id)
    time.move(1)
    assert spendable(customer) == 50


def test_after_the_date_they_come_back_for_the_days_of_grace_and_once_only(customer: int, time: Clock) -> None:
    rule(expiry="days", expiry_days=10)
    change_points(customer, 50)
    spent = redeem(customer, 50, "r1", "Reward", "")
    time.move(11)
    give_back(spent.id, "Reward")
    assert lots(customer) == [("2027-02-20", 50)]
    time.move(20)
    again = redeem(customer, 50, "r2", "Reward", "")
    time.move(11)
    give_back(again.id, "Reward")
    assert lots(customer) == [], "nothing is prolonged a second time"
    assert kinds()[-2:] == [("return", 50, 50), ("expire", -50, -50)]


def test_without_grace_they_are_over_and_the_ledger_says_so(customer: int, time: Clock) -> None:
    rule(expiry="days", expiry_days=10, return_grace_days=0)
    change_points(customer, 50)
    spent = redeem(customer, 50, "r1", "Reward", "")
    time.move(11)
    give_back(spent.id, "Reward")
    assert kinds()[-2:] == [("return", 50, 50), ("expire", -50, -50)]
    assert state(customer)[0] == 0


def test_what_was_spent_is_owed_and_paid_by_the_next_credits(customer: int) -> None:
    grant(customer, 100, Kind.BONUS, "b1", "Badge", "Ten visits")
    spent = redeem(customer, 70, "r1", "Reward", "")
    assert claw_back("b1", "Badge") is not None
    assert claw_back("b1", "Badge") is not None, "once"
    assert state(customer) == (0, 70, "bronze")
    change_points(customer, 20)
    assert state(customer) == (0, 50, "bronze")
    give_back(spent.id, "Reward")
    assert state(customer) == (20, 0, "bronze")
    assert kinds()[-4:] == [("manual", 20, 20), ("settle", -20, -20), ("return", 70, 70), ("settle", -50, -50)]
    assert claw_back("unknown", "Badge") is None


def test_taking_back_a_credit_that_paid_a_debt_makes_it_owed_again(customer: int) -> None:
    grant(customer, 30, Kind.BONUS, "b1", "Badge", "")
    redeem(customer, 30, "r1", "Reward", "")
    claw_back("b1", "Badge")
    added = change_points(customer, 50)
    assert state(customer)[:2] == (20, 0)
    reverse(added.id)
    assert state(customer)[:2] == (0, 30)


def test_a_clawback_takes_its_own_lot_first(customer: int) -> None:
    rule(expiry="days", expiry_days=5)
    change_points(customer, 10)
    rule(expiry="none")
    grant(customer, 30, Kind.BONUS, "b1", "Badge", "")
    change_points(customer, 5)
    redeem(customer, 20, "r1", "Reward", "")
    claw_back("b1", "Badge")
    assert lots(customer) == []
    assert state(customer)[:2] == (0, 5)


def test_a_bonus_counts_for_the_tier_unless_switched_off(customer: int) -> None:
    reached = []
    with tier_reached.connected_to(lambda found, old, new: reached.append((found.id, old.value, new.value))):
        rule(bonus_counts=False)
        grant(customer, 600, Kind.REFERRAL, "b1", "Referral", "")
        assert state(customer) == (600, 0, "bronze")
        rule(bonus_counts=True)
        grant(customer, 600, Kind.BONUS, "b2", "Badge", "")
        assert state(customer) == (1_200, 0, "gold")
        claw_back("b1", "Referral")
        assert state(customer) == (600, 0, "gold")
        claw_back("b2", "Badge")
        assert state(customer) == (0, 0, "bronze")
    assert reached == [(customer, "bronze", "gold")]


@pytest.mark.parametrize("times", [100, pytest.param(1_000, marks=pytest.mark.long)])
def test_earned_and_voided_again_and_again_leaves_nothing(customer: int, times: int) -> None:
    change_points(customer, 99)
    for number in range(times):
        services.earn(customer, 500, f"n{number}", "Test", "")
        services.take_back(f"n{number}", "Test")
    assert state(customer) == (99, 0, "bronze")
    assert len(queries.open_lots(customer)) == 1


def test_inactivity_moves_all_lots_that_end(customer: int, time: Clock) -> None:
    change_points(customer, 5)
    rule(expiry="inactivity", expiry_months=3)
    services.earn(customer, 10, "n1", "Test", "")
    time.move(60)
    services.earn(customer, 10, "n2", "Test", "")
    assert sorted(lots(customer), key=str) == [("2027-06-11", 10), ("2027-06-11", 10), (None, 5)]
    assert queries.expiring([customer], queries.today_here()) == {customer: [(dt.date(2027, 6, 11), 20)]}


def test_a_visit_moves_what_ends_by_inactivity_and_nothing_that_is_over(customer: int, time: Clock) -> None:
    rule(expiry="inactivity", expiry_months=3)
    change_points(customer, 10)
    services.keep_active(customer)
    assert lots(customer) == [("2027-04-10", 10)]
    time.move(80)
    services.keep_active(customer)
    assert lots(customer) == [("2027-06-30", 10)]
    time.move(93)
    services.keep_active(customer)
    assert lots(customer) == []
    rule(expiry="days", expiry_days=5)
    change_points(customer, 10)
    time.move(1)
    services.keep_active(customer)
    assert queries.expiring([customer], queries.today_here()) == {
        customer: [(queries.today_here() + dt.timedelta(4), 10)]
    }


@pytest.mark.parametrize(
    ("given", "spent", "left"),
    [
        # Cases of an open plug-in that replays its ledger: points, and the last day of each.
        ([(50, "2027-02-01")], 20, [30]),
        ([(50, "2027-02-01"), (50, "2027-03-01")], 70, [0, 30]),
        ([(50, "2027-03-01"), (50, "2027-02-01")], 70, [30, 0]),
        ([(50, None), (50, "2027-02-01")], 50, [50, 0]),
        ([(50, None), (50, "2027-02-01")], 80, [20, 0]),
        ([(50, "2027-02-01"), (50, "2027-02-01")], 60, [0, 40]),
        ([(10, "2027-02-01"), (20, "2027-02-02"), (30, "2027-02-03")], 60, [0, 0, 0]),
    ],
)
def test_what_is_left_of_each_lot(
    customer: int, given: list[tuple[int, str | None]], spent: int, left: list[int]
) -> None:
    ids = []
    for points, last in given:
        ids.append(change_points(customer, points).id)
        with transaction() as session:
            ends = last and dt.date.fromisoformat(last)
            session.execute(sa.update(PointsEntry).where(PointsEntry.id == ids[-1]).values(expires_on=ends))
    redeem(customer, spent, "r1", "Reward", "")
    found = {lot.id: lot.left for lot in queries.open_lots(customer)}
    assert [found.get(id_, 0) for id_ in ids] == left


def test_verify_finds_what_somebody_changed(app: Flask, cast: Cast, customer: int) -> None:
    change_points(customer, 50)
    spent = redeem(customer, 20, "r1", "Reward", "")

    def found(model: type, **values: object) -> list[str]:
        with transaction() as session:
            session.execute(
                sa.update(model).where(model.id == sa.select(sa.func.max(model.id)).scalar_subquery()).values(**values)
            )  # type: ignore[attr-defined]
            said = [str(difference) for difference in queries.differences()]
            session.rollback()
        return said

    first = spent.id - 1
    assert found(PointsDraw, points=19) == [
        f"customer {customer} has 0 points left of entry {spent.id}; the draws leave -1.",
        f"customer {customer} has 30 points left of entry {first}; the draws leave 31.",
    ]
    assert found(Customer, points_owed=3) == [f"customer {customer} owes 3 points; the entries make 0."]
    assert found(Customer, tier_since=dt.date(2020, 1, 1))[0].startswith(
        f"customer {customer} is bronze since 2020-01-01"
    )
