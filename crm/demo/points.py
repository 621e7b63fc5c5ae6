"""Points of the demo shops' customers."""

from __future__ import annotations

from typing import NamedTuple

from crm.loyalty.services import change_points


class Given(NamedTuple):
    """Points that the person with this index got or, when negative, spent, besides those of invoices."""

    person: int
    points: int
    reason: str


JAKARTA = (
    Given(0, -115, "Birthday voucher"),
    Given(4, -1_880, "Dinner for the parents"),
    Given(5, 60, "First visit"),
    Given(6, -8_640, "Coffee machine for the office"),
    Given(20, -12_240, "Lunch for the students"),
    Given(20, -500, "Coffee for the faculty"),
)
KARACHI = (Given(3, 100, "Brought a friend"),)


def give(given: tuple[Given, ...], customer_ids: list[int]) -> None:
    """Enter the points."""
    for one in given:
        change_points(customer_ids[one.person], one.points, one.reason)
