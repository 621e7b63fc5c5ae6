"""Points and tiers as plain values."""

from __future__ import annotations

import pytest

from crm.loyalty.rules import MAX_POINTS, NO_NUMBER, NOTHING, TOO_MANY, applied, earned, read_points, tier_of


@pytest.mark.parametrize(
    ("points", "tier"),
    [
        (-1, "bronze"),
        (0, "bronze"),
        (1, "bronze"),
        (99, "bronze"),
        (100, "silver"),
        (101, "silver"),
        (499, "silver"),
        (500, "gold"),
        (501, "gold"),
        (999, "gold"),
        (1_000, "platinum"),
        (1_001, "platinum"),
        (10**12, "platinum"),
    ],
)
def test_the_tier_follows_from_the_points(points: int, tier: str) -> None:
    assert tier_of(points) == tier


@pytest.mark.parametrize(
    ("balance", "points", "expected"),
    [(0, 50, 50), (30, 50, 50), (30, -20, -20), (30, -30, -30), (30, -31, -30), (30, -1_000, -30), (0, -5, 0)],
)
def test_a_deduction_takes_no_more_than_there_is(balance: int, points: int, expected: int) -> None:
    assert applied(balance, points) == expected


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("50", 50),
        ("+50", 50),
        ("-50", -50),
        ("\u221250", -50),
        ("- 50", -50),
        ("007", 7),
        ("\u0665\u0660", 50),
        ("1000000", MAX_POINTS),
        ("-1000000", -MAX_POINTS),
    ],
)
def test_it_reads_numbers_as_people_type_them(text: str, points: int) -> None:
    assert read_points(text) == points


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", NOTHING),
        ("0", NOTHING),
        ("-0", NOTHING),
        ("fifty", NO_NUMBER),
        ("1.5", NO_NUMBER),
        ("1,000", NO_NUMBER),
        ("1e3", NO_NUMBER),
        ("--5", NO_NUMBER),
        ("5-", NO_NUMBER),
        ("+", NO_NUMBER),
        ("NaN", NO_NUMBER),
        ("1000001", TOO_MANY),
        ("-1000001", TOO_MANY),
        ("9" * 5_000, TOO_MANY),
    ],
)
def test_it_says_what_to_enter_instead(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="Enter") as refused:
        read_points(text)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("amount", "points", "per", "expected"),
    [
        (0, 1, 1_000_000, 0),
        (999_999, 1, 1_000_000, 0),
        (1_000_000, 1, 1_000_000, 1),
        (1_000_001, 1, 1_000_000, 1),
        (1_999_999, 3, 1_000_000, 5),
        (1_500_000, 3, 1_000_000, 4),
        (2_000_000, 3, 1_000_000, 6),
        (1, 1, 1, 1),
        (2_000_000, 0, 1_000_000, 0),
        (2_000_000, 3, 0, 0),
        (999_999_999_999, 1, 1, MAX_POINTS),
    ],
)
def test_an_amount_earns_points_and_is_rounded_once(amount: int, points: int, per: int, expected: int) -> None:
    assert earned(amount, points, per) == expected
