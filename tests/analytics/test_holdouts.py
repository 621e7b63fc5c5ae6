"""Hold-outs: the draw, Newcombe's interval, and how many recipients show what, against published figures."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from crm.analytics import holdouts


def test_newcombes_interval_of_the_paper() -> None:
    """Newcombe (1998), table II, 56/70 against 48/80, method 10."""
    found = holdouts.difference(56, 70, 48, 80)
    assert (round(found.value, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)
    assert found.is_clear
    other = holdouts.difference(48, 80, 56, 70)
    assert (round(other.low, 4), round(other.high, 4), other.is_clear) == (-0.3339, -0.0524, True)


@pytest.mark.parametrize(
    ("row", "low", "high"),
    [((9, 10, 3, 10), 0.1705, 0.8090), ((10, 10, 0, 20), 0.6791, 1.0), ((5, 56, 0, 29), -0.0381, 0.1926)],
)
def test_further_rows_of_the_paper(row: tuple[int, int, int, int], low: float, high: float) -> None:
    found = holdouts.difference(*row)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_nobody_and_everybody_have_an_interval() -> None:
    assert not holdouts.difference(0, 5, 0, 5).is_clear
    assert not holdouts.difference(5, 5, 5, 5).is_clear


def test_how_many_recipients_it_takes_to_see_a_rise() -> None:
    assert [holdouts.needed(0.10, lift, 10) for lift in (0.10, 0.05, 0.02)] == [1_190, 4_000, 21_860]
    assert [holdouts.needed(0.10, lift, 50) for lift in (0.10, 0.05, 0.02)] == [398, 1_372, 7_682]


def test_the_draw_is_the_same_for_ever_and_near_its_share() -> None:
    drawn = [id_ for id_ in range(1, 10_001) if holdouts.is_held_out("a secret", id_, 10)]
    assert drawn[:5] == [8, 36, 71, 89, 90], "a campaign that has started would be compared by another draw"
    assert 900 < len(drawn) < 1_100
    assert not any(holdouts.is_held_out("a secret", id_, 0) for id_ in range(1, 100))
    other = {id_ for id_ in range(1, 10_001) if holdouts.is_held_out("another", id_, 10)}
    assert 60 < len(other & set(drawn)) < 140, "two campaigns draw apart"


def test_averages_differ_by_what_all_of_them_spent() -> None:
    found = holdouts.difference_of_means([100, 300], 10, [200], 10)
    assert found.value == 20
    assert found.low < 20 < found.high
    assert found == holdouts.difference_of_means([100, 300], 10, [200], 10), "another look says something else"
    assert holdouts.difference_of_means([], 5, [], 5) == (0, 0, 0)
    assert not holdouts.difference_of_means([5_000], 50, [], 50).is_clear, "one purchase is chance"


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_of_averages_is_as_wide_as_the_known_one(seed: int) -> None:
    draw = random.Random(seed)
    one = [round(draw.gammavariate(2, 5_000)) for _ in range(400)]
    other = [round(draw.gammavariate(2, 5_000)) for _ in range(300)]
    found = holdouts.difference_of_means(one, 2_000, other, 2_000)
    spread = math.sqrt(sum(statistics.variance([*each, *[0] * (2_000 - len(each))]) / 2_000 for each in (one, other)))
    assert found.low == pytest.approx(found.value - 1.96 * spread, abs=0.35 * spread)
    assert found.high == pytest.approx(found.value + 1.96 * spread, abs=0.35 * spread)
