"""The tier by what counted on which day: its edges, each window, grace, and a change of the rules."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from crm.customers.rules import Tier
from crm.loyalty.expiry import Expiry, ExpiryPolicy
from crm.loyalty.multipliers import is_birthday_week
from crm.loyalty.rules import add_months, combined
from crm.loyalty.tiers import Policy, Standing, Window, standing

START = dt.date.min


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def found(counted: dict[str, int], today: str, window: Window = Window.LIFETIME, grace: int = 30) -> Standing:
    return standing({day(one): points for one, points in counted.items()}, [Policy(START, window, grace)], day(today))


@pytest.mark.parametrize(
    ("bound", "below", "reached"),
    [(100, Tier.BRONZE, Tier.SILVER), (500, Tier.SILVER, Tier.GOLD), (1_000, Tier.GOLD, Tier.PLATINUM)],
)
@pytest.mark.parametrize("window", list(Window))
def test_a_tier_is_reached_at_its_bound_and_lost_one_below(
    bound: int, below: Tier, reached: Tier, window: Window
) -> None:
    for points, tier in ((bound - 1, below), (bound, reached), (bound + 1, reached)):
        assert found({"2027-01-10": points}, "2027-01-10", window).tier is tier
    corrected = {"2027-01-10": bound, "2027-01-11": -1}
    assert found(corrected, "2027-01-11", window).tier is below, "a correction takes no time of grace"
    if window is Window.ROLLING:
        for kept, tier in ((bound - 1, below), (bound, reached), (bound + 1, reached)):
            history = {"2027-01-10": 5_000, "2027-06-10": kept}
            fell = found(history, "2028-02-09", window)
            assert fell.tier is tier, kept
            assert found(history, "2028-02-08", window).tier is Tier.PLATINUM


def test_it_rises_at_once_and_falls_after_the_days_of_grace() -> None:
    history = {"2027-03-03": 612}
    now = found(history, "2027-10-01", Window.ROLLING)
    assert (now.tier, now.since, now.points, now.next_tier, now.missing) == (
        Tier.GOLD,
        day("2027-03-03"),
        612,
        Tier.PLATINUM,
        388,
    )
    assert (now.stay_by, now.stay, now.changes_on) == (day("2028-03-02"), 500, day("2028-04-02"))
    last = found(history, "2028-04-01", Window.ROLLING)
    assert (last.tier, last.points, last.stay_by, last.stay) == (Tier.GOLD, 0, day("2028-04-01"), 500)
    fallen = found(history, "2028-04-02", Window.ROLLING)
    assert (fallen.tier, fallen.since, fallen.changes_on) == (Tier.BRONZE, day("2028-04-02"), None)
    assert found(history, "2028-03-03", Window.ROLLING, grace=0).tier is Tier.BRONZE
    assert found(history, "2028-03-02", Window.ROLLING, grace=0).tier is Tier.GOLD


def test_what_is_earned_within_the_grace_keeps_the_tier() -> None:
    for points, tier in ((499, Tier.SILVER), (500, Tier.GOLD)):
        history = {"2027-03-03": 612, "2028-03-20": points}
        assert found(history, "2028-05-01", Window.ROLLING).tier is tier


def test_a_year_keeps_what_the_year_before_reached() -> None:
    history = {"2027-03-03": 612, "2028-02-01": 120}
    assert found(history, "2028-12-31", Window.YEAR).tier is Tier.GOLD
    now = found(history, "2028-06-01", Window.YEAR)
    assert (now.points, now.missing, now.stay_by, now.stay) == (120, 880, day("2028-12-31"), 380)
    assert now.changes_on == day("2029-01-31")
    assert found(history, "2029-01-30", Window.YEAR).tier is Tier.GOLD
    assert found(history, "2029-01-31", Window.YEAR).tier is Tier.SILVER
    assert found(history, "2030-01-31", Window.YEAR).tier is Tier.BRONZE


def test_what_is_earned_and_taken_back_changes_nothing_not_even_the_grace() -> None:
    """A clawback has the day of what it takes back."""
    before = found({"2027-03-03": 612}, "2028-03-20", Window.ROLLING)
    after = found({"2027-03-03": 612, "2028-03-10": 700 - 700}, "2028-03-20", Window.ROLLING)
    assert (after.tier, after.since, after.changes_on) == (before.tier, before.since, before.changes_on)


def test_another_window_lets_nobody_fall_without_grace() -> None:
    policies = [Policy(START), Policy(day("2028-06-01"), Window.ROLLING, 30)]
    counted = {day("2027-01-01"): 612}
    assert standing(counted, policies, day("2028-05-31")).tier is Tier.GOLD
    assert standing(counted, policies, day("2028-06-30")).tier is Tier.GOLD
    assert standing(counted, policies, day("2028-07-01")).tier is Tier.BRONZE
    back = [*policies, Policy(day("2028-08-01"), Window.LIFETIME, 30)]
    risen = standing(counted, back, day("2028-08-01"))
    assert (risen.tier, risen.since) == (Tier.GOLD, day("2028-08-01"))


def test_it_says_when_it_changes_and_does_not_before() -> None:
    """Walk day by day: each standing foretells the next change."""
    rng = random.Random(3)
    for _ in range(40):
        window, grace = rng.choice(list(Window)), rng.choice((0, 1, 30))
        counted = {
            day("2027-01-01") + dt.timedelta(days=rng.randint(0, 500)): rng.choice((-300, 20, 120, 400, 600))
            for _ in range(rng.randint(1, 6))
        }
        policies, today = [Policy(START, window, grace)], max(counted)
        now = standing(counted, policies, today)
        for later in range(1, 800):
            then = standing(counted, policies, today + dt.timedelta(days=later))
            if (then.tier, then.since) != (now.tier, now.since):
                assert now.changes_on == today + dt.timedelta(days=later)
                now = then
        assert now.changes_on is None or now.changes_on >= today + dt.timedelta(days=800)


def test_the_last_day_of_points() -> None:
    months = ExpiryPolicy(Expiry.MONTHS, months=12)
    assert months.last_day(day("2020-07-06")) == day("2021-07-31"), "Square's own example"
    assert months.last_day(day("2023-02-28")) == day("2024-02-29")
    assert ExpiryPolicy(Expiry.MONTHS, months=1).last_day(day("2027-12-31")) == day("2028-01-31")
    assert ExpiryPolicy(Expiry.DAYS, days=1).last_day(day("2027-03-27")) == day("2027-03-28"), "days, not hours"
    yearly = ExpiryPolicy(Expiry.YEARLY, day="12-31")
    assert yearly.last_day(day("2027-12-30")) == day("2027-12-31")
    assert yearly.last_day(day("2027-12-31")) == day("2028-12-31"), "no lot ends on the day it begins"
    leap = ExpiryPolicy(Expiry.YEARLY, day="02-29")
    assert (leap.last_day(day("2027-01-01")), leap.last_day(day("2028-01-01"))) == (
        day("2027-02-28"),
        day("2028-02-29"),
    )
    assert ExpiryPolicy(Expiry.INACTIVITY, months=6).last_day(day("2027-08-31")) == day("2028-02-29")
    assert ExpiryPolicy().last_day(day("2027-01-01")) is None
    assert add_months(day("2027-03-31"), -13) == day("2026-02-28")


def test_multipliers_and_the_week_of_a_birthday() -> None:
    assert combined([], add_up=False) == combined([], add_up=True) == 1_000
    assert combined([1_500, 2_000], add_up=False) == 2_000
    assert combined([1_500, 2_000], add_up=True) == 2_500
    for text in ("12-25", "12-28", "12-31"):
        assert is_birthday_week(text, day("2027-12-28"))
    for text in ("12-24", "01-01"):
        assert not is_birthday_week(text, day("2027-12-28"))
    assert is_birthday_week("01-01", day("2027-12-30"))
    assert is_birthday_week("02-29", day("2027-02-25"))
    assert not is_birthday_week("02-29", day("2027-03-04"))
    assert not is_birthday_week("", day("2027-03-04"))
