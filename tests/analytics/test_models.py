"""The models find the parameters that data was made from, and hold at the edges."""

from __future__ import annotations

import math
import random

import pytest

from crm.analytics import bgnbd, gamma_gamma
from crm.analytics.backtest import BackTest
from crm.analytics.bgnbd import History, Model
from crm.analytics.gamma_gamma import Spending
from crm.analytics.nelder_mead import minimize
from crm.analytics.statistics import area_under_curve, correlation

MADE_FROM = Model(r=0.6, alpha=7.0, a=0.8, b=2.5)


def _history(model: Model, weeks: float, chance: random.Random) -> History:
    rate, leaves = chance.gammavariate(model.r, 1 / model.alpha), chance.betavariate(model.a, model.b)
    x, at, last = 0, 0.0, 0.0
    while (at := at + chance.expovariate(rate)) < weeks:
        x, last = x + 1, at
        if chance.random() < leaves:
            break
    return History(x, last, weeks)


def test_the_fit_finds_the_parameters_that_customers_were_made_from() -> None:
    chance = random.Random(14)
    found = bgnbd.fit([_history(MADE_FROM, chance.uniform(60, 104), chance) for _ in range(5_000)])
    assert tuple(found) == pytest.approx(tuple(MADE_FROM), rel=0.1)


def test_the_fit_finds_the_parameters_that_spending_was_made_from() -> None:
    chance, made_from = random.Random(3), gamma_gamma.Model(2.0, 4.0, 3_000.0)
    some = []
    for _ in range(5_000):
        rate, x = chance.gammavariate(made_from.q, 1 / made_from.v), chance.randint(1, 40)
        some.append(Spending(x, chance.gammavariate(made_from.p * x, 1 / rate) / x))
    assert tuple(gamma_gamma.fit(some)) == pytest.approx(tuple(made_from), rel=0.1)


def test_customers_of_one_purchase_are_active_and_yet_may_not_come_back() -> None:
    once = History(0, 0.0, 100.0)
    assert MADE_FROM.is_active(once) == 1
    assert MADE_FROM.comes_back(once, 13) < MADE_FROM.comes_back(History(0, 0.0, 10.0), 13) < 1


def test_chances_and_expectations_stay_numbers_at_the_edges() -> None:
    models = (MADE_FROM, Model(0.5, 0.01, 1.0, 2.0), Model(1.0, 3.0, 0.5, 0.5), Model(40.0, 500.0, 9_000.0, 9_000.0))
    for model in models:
        for history in (History(0, 0.0, 0.0), History(900, 1.0, 500.0), History(900, 500.0, 500.0), History(1, 0, 0)):
            assert 0 <= model.comes_back(history, 12.86) <= 1
            assert 0 <= model.expected(history, 52) < math.inf


def test_more_weeks_never_foretell_less() -> None:
    history = History(3, 20.0, 26.0)
    found = [MADE_FROM.expected(history, weeks) for weeks in range(1, 60)]
    assert found == sorted(found)


def test_a_large_shop_is_fitted_by_the_same_sample_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(5)
    many = [_history(MADE_FROM, 52.0, chance) for _ in range(900)]
    whole = bgnbd.fit(many)
    monkeypatch.setattr(bgnbd, "MOST_FITTED", 600)
    part = bgnbd.fit(many)
    assert part == bgnbd.fit(many) != whole


def test_a_model_that_is_off_by_more_than_35_percent_says_nothing() -> None:
    near = [BackTest(13, foretold, 100).is_near for foretold in (65, 135, 64.9, 135.1)]
    assert near == [True, True, False, False]
    assert not BackTest(13, 3.0, 0).is_near


def test_parameters_that_run_away_are_not_sound() -> None:
    assert not Model(51, 1, 1, 1).is_sound
    assert not Model(1, 1, 10_001, 1).is_sound
    assert not gamma_gamma.Model(2, 0.9, 10).is_sound


def test_the_simplex_finds_the_lowest_point() -> None:
    found = minimize(lambda p: 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2, [-1.2, 1.0])
    assert found == pytest.approx([1, 1], abs=1e-3)


def test_small_statistics() -> None:
    assert correlation([(1, 2), (2, 4), (3, 6)]) == pytest.approx(1)
    assert correlation([]) == correlation([(1, 2), (1, 3)]) == 0
    assert area_under_curve([1, 2, 3, 3], [False, True, False, True]) == pytest.approx(0.625)
    assert area_under_curve([1.0], [True]) == 0.5
