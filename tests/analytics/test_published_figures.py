"""The models give the figures that were published for CDNOW's customers."""

from __future__ import annotations

from collections import Counter

import pytest

from crm.analytics import backtest, bgnbd, gamma_gamma
from crm.analytics.bgnbd import History
from crm.analytics.rfm import Scale
from crm.analytics.statistics import area_under_curve, correlation
from tests.analytics.cdnow import buyers


@pytest.fixture(scope="module")
def model() -> bgnbd.Model:
    return bgnbd.fit([buyer.history for buyer in buyers()])


@pytest.fixture(scope="module")
def spending() -> gamma_gamma.Model:
    return gamma_gamma.fit([buyer.spending for buyer in buyers()])


RETURNED = [buyer.came > 0 for buyer in buyers()]


def test_the_sample_is_the_published_one() -> None:
    found = buyers()
    assert (len(found), sum(buyer.history.x > 0 for buyer in found)) == (2_357, 946)
    assert (sum(buyer.came for buyer in found), sum(RETURNED)) == (1_882, 684)


def test_the_parameters_are_those_of_the_paper(model: bgnbd.Model) -> None:
    """Fader, Hardie and Lee 2005, table 2."""
    assert tuple(model) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=0.01)
    histories = Counter(buyer.history for buyer in buyers())
    assert model.log_likelihood(histories) == pytest.approx(-9_582.4, abs=0.1)
    assert model.is_sound


def test_the_expectations_are_those_of_the_paper(model: bgnbd.Model) -> None:
    assert model.expected(History(2, 30.43, 38.86), 39) == pytest.approx(1.226, abs=0.01)
    weeks = (0.1429, 1, 3, 31.8571, 32, 78)
    found = [model.expected_of_new(each) for each in weeks]
    assert found == pytest.approx((0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576), abs=0.001)


def test_the_total_of_the_next_39_weeks_is_foretold_as_published(model: bgnbd.Model) -> None:
    found = backtest.back_test(model, ((buyer.history, buyer.came) for buyer in buyers()), weeks=39)
    assert found.foretold == pytest.approx(1_653, abs=2)
    assert (found.came, found.is_near) == (1_882, True)


def test_who_returns_is_ranked_as_well_as_published(model: bgnbd.Model) -> None:
    """Recency and frequency rank people at least as well as the model, and the chance that they are active doesn't."""
    of = [buyer.history for buyer in buyers()]
    chances = [model.comes_back(history, 39) for history in of]
    assert area_under_curve([model.expected(history, 39) for history in of], RETURNED) == pytest.approx(0.773, abs=2e-3)
    assert area_under_curve(chances, RETURNED) == pytest.approx(0.757, abs=2e-3)
    assert area_under_curve([model.is_active(history) for history in of], RETURNED) == pytest.approx(0.316, abs=2e-3)
    assert sum(chances) == pytest.approx(617, abs=2)
    brier = sum((chance - came) ** 2 for chance, came in zip(chances, RETURNED, strict=True)) / len(of)
    assert brier == pytest.approx(0.161, abs=2e-3)
    since = [round(7 * (history.t - history.t_x)) for history in of]
    recency, frequency = Scale(since, less_is_better=True), Scale([history.x for history in of])
    scores = [recency.score(days) + frequency.score(history.x) for days, history in zip(since, of, strict=True)]
    assert area_under_curve([-days for days in since], RETURNED) == pytest.approx(0.771, abs=2e-3)
    assert area_under_curve(scores, RETURNED) == pytest.approx(0.775, abs=2e-3)


def test_the_spending_is_that_of_the_paper(spending: gamma_gamma.Model) -> None:
    """Fader, Hardie and Lee 2005b."""
    assert tuple(spending) == pytest.approx((6.25, 3.74, 15.44), abs=0.02)
    found = [spending.expected(buyer.spending) for buyer in buyers()[:10]]
    published = (24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17)
    assert found == pytest.approx(published, abs=0.01)
    repeated = [(float(buyer.spending.x), buyer.spending.mean) for buyer in buyers() if buyer.spending.x]
    assert correlation(repeated) == pytest.approx(0.11, abs=0.01)
