"""When a badge is reached, by days alone."""

from __future__ import annotations

import datetime as dt

import pytest

from crm.badges.rules import Day, Metric, Period, Rule, reached

SINCE = dt.date(2026, 11, 10)


def day(text: str, **values: int) -> Day:
    """Return a day with a visit, and a purchase where something was spent."""
    return Day(dt.date.fromisoformat(text), True, "spent" in values, **values)


def rule(metric: Metric, target: int, period: Period = Period.EVER, days: int = 0) -> Rule:
    return Rule(metric, target, period, SINCE, days)


WEEK = [day(f"2026-11-{number:02}") for number in range(2, 9)]


def test_without_a_period_everything_counts_so_many_times() -> None:
    assert reached(rule(Metric.VISITS, 3), WEEK) == ["1", "2"]
    assert reached(rule(Metric.VISITS, 7), WEEK) == ["1"]
    assert reached(rule(Metric.VISITS, 8), WEEK) == []
    assert reached(rule(Metric.VISITS, 1), []) == []


def test_a_purchase_is_a_visit_but_a_visit_no_purchase() -> None:
    history = [day("2026-11-02"), day("2026-11-03", spent=500), Day(dt.date(2026, 11, 4), is_purchase=True, spent=700)]
    assert reached(rule(Metric.VISITS, 3), history) == ["1"]
    assert reached(rule(Metric.PURCHASE_DAYS, 2), history) == ["1"]
    assert reached(rule(Metric.PURCHASE_DAYS, 3), history) == []
    assert reached(rule(Metric.SPEND, 1_200), history) == ["1"]
    assert reached(rule(Metric.SPEND, 1_201), history) == []
    assert reached(rule(Metric.SPEND, 600), history) == ["1", "2"]


def test_months_and_years_count_each_for_itself_from_the_one_in_which_the_badge_was_made() -> None:
    history = [day(text) for text in ("2026-10-01", "2026-10-02", "2026-11-01", "2026-11-30", "2026-12-31")]
    history += [day("2027-01-01"), day("2027-01-02")]
    assert reached(rule(Metric.VISITS, 2, Period.MONTH), history) == ["2026-11", "2027-01"]
    assert reached(rule(Metric.VISITS, 3, Period.YEAR), history) == ["2026"]
    assert reached(rule(Metric.VISITS, 2, Period.YEAR), history) == ["2026", "2027"]


@pytest.mark.parametrize(("days", "places"), [(3, []), (4, ["1"]), (30, ["1", "2"])])
def test_rolling_days_end_with_the_day_and_count_once(days: int, places: list[str]) -> None:
    """The first four visits lie four days apart from the first to the last, the others far from each other."""
    texts = ("2026-11-10", "2026-11-12", "2026-11-13", "2026-11-24", "2026-11-28", "2026-12-02")
    assert reached(rule(Metric.VISITS, 3, Period.ROLLING, days), [day(text) for text in texts]) == places


def test_rolling_days_before_the_badge_count_but_give_nothing_alone() -> None:
    before = [day(f"2026-11-0{number}") for number in (7, 8, 9)]
    assert reached(rule(Metric.VISITS, 3, Period.ROLLING, 7), before) == []
    assert reached(rule(Metric.VISITS, 3, Period.ROLLING, 7), [*before, day("2026-11-10")]) == ["1"]


def test_weeks_in_a_row_begin_on_monday_and_need_one_visit_each() -> None:
    # Monday 2 November, Sunday 15 November, Monday 16 November 2026.
    history = [day(text) for text in ("2026-11-02", "2026-11-08", "2026-11-15", "2026-11-16")]
    assert reached(rule(Metric.WEEKS_IN_A_ROW, 3), history) == ["1"]
    assert reached(rule(Metric.WEEKS_IN_A_ROW, 4), history) == []
    missed = [day("2026-11-08"), day("2026-11-16"), day("2026-11-23")]
    assert reached(rule(Metric.WEEKS_IN_A_ROW, 2), missed) == ["1"]
    assert reached(rule(Metric.WEEKS_IN_A_ROW, 3), missed) == []
    # Over the change of the year: 28 December 2026 is the Monday of a week of both.
    assert reached(rule(Metric.WEEKS_IN_A_ROW, 2), [day("2026-12-27"), day("2027-01-01")]) == ["1"]
    assert reached(rule(Metric.WEEKS_IN_A_ROW, 2), [*history, day("2026-11-30"), day("2026-12-07")]) == ["1", "2"]


def test_friends_are_counted_by_the_days_on_which_they_bought() -> None:
    history = [Day(dt.date(2026, 11, 2), referrals=2), Day(dt.date(2026, 11, 3), referrals=1)]
    assert reached(rule(Metric.REFERRALS, 3), history) == ["1"]
    assert reached(rule(Metric.VISITS, 1), history) == []
