"""Scores and groups of buyers, and cohorts."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from crm.analytics import cohorts
from crm.analytics.rfm import GROUPS, HIGHEST, Group, Scale, Scores, score_by

VALUES = st.lists(st.integers(0, 40), min_size=1, max_size=60)
SCORES = range(1, HIGHEST + 1)


@given(VALUES, st.booleans())
def test_a_score_counts_those_who_are_strictly_worse(values: list[int], less_is_better: bool) -> None:
    scale = Scale(values, less_is_better=less_is_better)
    for value in values:
        worse = sum(other > value if less_is_better else other < value for other in values)
        assert scale.score(value) == min(5, 1 + math.floor(5 * worse / len(values)))


@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_of_customers_changes_nothing(values: list[int], chance: object) -> None:
    mixed = list(values)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert [Scale(mixed).score(value) for value in values] == [Scale(values).score(value) for value in values]


@given(VALUES)
def test_a_worse_customer_never_lowers_the_score_of_others(values: list[int]) -> None:
    worse = [*values, min(values) - 1]
    assert all(Scale(worse).score(value) >= Scale(values).score(value) for value in values)


@given(VALUES, st.booleans())
def test_the_cut_offs_say_which_values_have_a_score(values: list[int], less_is_better: bool) -> None:
    scale = Scale(values, less_is_better=less_is_better)
    cut_offs = scale.cut_offs()
    for value in values:
        assert [score for score, (low, high) in cut_offs.items() if low <= value <= high] == [scale.score(value)]
        assert score_by(cut_offs, value, less_is_better=less_is_better) == scale.score(value)


def test_a_value_that_came_later_has_a_score_by_the_same_cut_offs() -> None:
    more, less = {1: (1, 2), 3: (5, 8), 5: (20, 30)}, {1: (40, 90), 4: (10, 20), 5: (0, 3)}
    assert [score_by(more, value) for value in (0, 3, 9, 99)] == [1, 1, 3, 5]
    assert [score_by(less, value, less_is_better=True) for value in (0, 5, 30, 99)] == [5, 4, 1, 1]
    assert score_by({}, 5) == 1


def test_each_of_the_25_cells_is_one_group() -> None:
    found = Counter(GROUPS[r][fm] for r in SCORES for fm in SCORES)
    assert sum(found.values()) == 25
    assert set(found) == set(Group) - {Group.PROSPECTS}
    groups = {(r, (f + m + 1) // 2): Scores(r, f, m).group for r in SCORES for f in SCORES for m in SCORES}
    assert len(groups) == 25


def test_the_groups_are_those_of_the_table() -> None:
    assert Scores(5, 5, 4).group is Group.CHAMPIONS
    assert Scores(4, 1, 1).group is Group.PROMISING
    assert Scores(3, 1, 2).group is Group.NEEDS_ATTENTION
    assert Scores(1, 4, 4).group is Group.PREVIOUSLY_LOYAL
    slipping = {Scores(r, s, s) for r in SCORES for s in SCORES if Scores(r, s, s).is_slipping}
    assert slipping == {Scores(r, s, s) for r in (1, 2) for s in (3, 4, 5)}


def test_equal_customers_have_equal_scores() -> None:
    assert {Scale([7] * 30).score(7)} == {1}
    assert [Scale(list(range(25))).score(value) for value in (0, 4, 5, 24)] == [1, 1, 2, 5]


def test_months_are_counted_from_the_month_of_the_first_day() -> None:
    days = [dt.date(2026, 1, 31), dt.date(2026, 2, 1), dt.date(2026, 2, 3), dt.date(2026, 4, 30)]
    assert cohorts.mask(days) == 0b1011
    assert cohorts.mask([dt.date(2000, 1, 1), dt.date(2026, 1, 1)]) == 1
    assert cohorts.first_day_of("2025-11", 3) == dt.date(2026, 2, 1)


def test_a_month_that_is_not_over_is_not_shown() -> None:
    assert cohorts.months_shown("2026-03", dt.date(2026, 5, 31)) == 1
    assert cohorts.months_shown("2026-03", dt.date(2026, 6, 1)) == 2
    assert cohorts.months_shown("2026-03", dt.date(2026, 3, 5)) == 0


def test_a_cohort_is_observed_once_the_days_have_passed_for_its_last_customer() -> None:
    assert not cohorts.is_observed("2026-03", 30, dt.date(2026, 4, 29))
    assert cohorts.is_observed("2026-03", 30, dt.date(2026, 4, 30))


def test_the_latest_cohorts_end_with_this_month() -> None:
    assert list(cohorts.latest(dt.date(2026, 1, 15), 3)) == ["2025-11", "2025-12", "2026-01"]
