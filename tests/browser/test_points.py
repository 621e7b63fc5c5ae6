"""Points at the counter: the window, and what follows at once in the row, the badge and the customer's page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from crm.loyalty.services import change_points
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer
from tests.product import RunningApp

CARDS = "1 customer 1 active {points} points {bronze} Bronze {silver} Silver 0 Gold 0 Platinum"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def counter(page: Page, running_app: RunningApp, cast: Cast) -> Page:
    """The home page, with staff signed in and a customer with 90 points."""
    with cast.staff.acting():
        change_points(make_customer(name="Siti Rahma"), 90, "First visit")
    sign_in(page, running_app.url, cast.staff)
    return page


def test_row_and_badge_follow_the_window_at_once_and_undo_takes_it_back(counter: Page) -> None:
    counter.evaluate("window.stayed = true")
    row = counter.get_by_role("row", name="Siti Rahma")
    cards = counter.get_by_role("list", name="Figures")
    expect(row).not_to_contain_text("Silver")
    expect(cards).to_have_text(CARDS.format(points=90, bronze=1, silver=0))
    row.hover()
    row.get_by_role("link", name="Points of Siti Rahma").click()
    dialog = counter.get_by_role("dialog", name="Points of Siti Rahma")
    expect(dialog.get_by_label("Points", exact=True)).to_be_focused()
    counter.keyboard.type("fifty")
    counter.keyboard.press("Enter")
    expect(dialog.get_by_role("alert", name="There is a problem")).to_contain_text("Enter a whole number of points")

    dialog.get_by_label("Points", exact=True).fill("50")
    dialog.get_by_label("Reason").fill("Birthday")
    dialog.get_by_role("button", name="Save points").click()

    expect(dialog).to_be_hidden()
    expect(row).to_contain_text("Silver")
    expect(row.get_by_role("cell", name="140")).to_be_visible()
    expect(cards).to_have_text(CARDS.format(points=140, bronze=0, silver=1))
    toast = counter.get_by_role("status")
    expect(toast).to_contain_text("50 points added. Siti Rahma now has 140.")

    toast.get_by_role("button", name="Undo").click()

    expect(row).not_to_contain_text("Silver")
    expect(row.get_by_role("cell", name="90")).to_be_visible()
    expect(cards).to_have_text(CARDS.format(points=90, bronze=1, silver=0))
    assert counter.evaluate("window.stayed"), "the page is never loaded again"


def test_the_customers_page_follows_and_an_entry_is_taken_back_there(counter: Page) -> None:
    counter.get_by_role("link", name="Siti Rahma", exact=True).click()
    profile, panel = counter.get_by_role("region", name="Profile"), counter.get_by_role("region", name="Points")
    panel.get_by_role("link", name="Add or deduct points").click()
    dialog = counter.get_by_role("dialog", name="Points of Siti Rahma")
    dialog.get_by_label("Deduct points").check()
    dialog.get_by_label("Points", exact=True).fill("200")
    dialog.get_by_role("button", name="Save points").click()

    expect(panel).to_contain_text(re.compile(r"\u221290 No reason given\s*Asked for \u2212200; the balance was lower"))
    expect(profile).to_contain_text("0 Bronze")

    panel.get_by_label("Actions for \u221290 points").click()
    panel.get_by_role("button", name="Take back").click()

    expect(panel).to_contain_text("+90 Taken back")
    expect(profile).to_contain_text("90 Bronze")
    assert counter.evaluate("document.activeElement !== document.body")
