"""Points of the demo shops' customers."""

from __future__ import annotations

from typing import NamedTuple

from crm.loyalty.services import change_points


class Given(NamedTuple):
    """Points that the person with this index got, or spent when negative."""

    person: int
    points: int
    reason: str


JAKARTA = (
    Given(0, 450, "Birthday cake"),
    Given(0, 285, "Klepon cake"),
    Given(0, -115, "Birthday voucher"),
    Given(1, 1_425, "Lunch boxes for 30"),
    Given(3, 310, "Gayo beans"),
    Given(4, 620, "Wedding cake, first half"),
    Given(6, 960, "Office catering October"),
    Given(9, 165, "Toraja beans"),
    Given(12, 60, "Cupcakes"),
    Given(20, 1_360, "Faculty dinner"),
    Given(20, -500, "Coffee for the faculty"),
)
KARACHI = (
    Given(0, 150, "Umrah package, deposit"),
    Given(2, 95, "KHI-DXB return"),
    Given(6, 625, "Group of five, deposit"),
)


def give(given: tuple[Given, ...], customer_ids: list[int]) -> None:
    """Enter the points."""
    for one in given:
        change_points(customer_ids[one.person], one.points, one.reason)
