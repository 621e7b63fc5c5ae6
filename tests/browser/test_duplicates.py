"""Two customers of one person, at the counter: from the list to one customer, and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer, make_points_entry
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def shop(running_app: RunningApp, cast: Cast) -> RunningApp:
    """A shop that knows one person twice."""
    with cast.staff.acting():
        make_customer(name="Siti Rahma", phone="0812 1111 2222", city="Bandung")
        make_points_entry(make_customer(name="Siti", phone="0812 3333 4444", notes="Likes cake"))
        make_customer(name="Budi")
    return running_app


def test_two_selected_customers_become_one_by_keyboard_and_two_again(page: Page, shop: RunningApp, cast: Cast) -> None:
    sign_in(page, shop.url, cast.staff)
    for name in ("Select Siti Rahma", "Select Budi"):
        page.get_by_role("checkbox", name=name, exact=True).check()
    page.get_by_role("checkbox", name="Select Siti", exact=True).check()
    expect(page.get_by_role("button", name="Deactivate")).to_be_visible()
    expect(page.get_by_role("button", name="Compare / merge")).to_be_hidden()
    page.get_by_role("checkbox", name="Select Budi").uncheck()
    page.get_by_role("button", name="Compare / merge").press("Enter")

    expect(page.get_by_role("heading", name="The same person?")).to_be_visible()
    expect(page.get_by_role("radio", name="Likes cake")).to_be_checked()
    page.get_by_role("radio", name="Siti Rahma").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Merge").press("Enter")

    expect(page.get_by_role("heading", name="Siti Rahma", level=1)).to_be_visible()
    expect(page.locator("#main")).to_contain_text("Merged with Siti")
    expect(page.locator("#main")).to_contain_text("Likes cake")
    expect(page.get_by_role("region", name="Points")).to_contain_text("620")
    page.locator("#main").get_by_role("button", name="Undo").click()

    expect(page.get_by_text("They were merged, and that was undone")).to_be_visible()
    page.goto(shop.url)
    expect(page.get_by_role("row", name=re.compile("Siti"))).to_have_count(2)


def test_without_javascript_the_same_works(browser: Browser, shop: RunningApp, cast: Cast) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, shop.url, cast.staff)
    page.get_by_role("checkbox", name="Select Siti Rahma").check()
    page.get_by_role("button", name="Compare / merge").click()
    expect(page.get_by_text("Select exactly two customers who may be the same person.")).to_be_visible()
    page.goto(shop.url)
    for name in ("Select Siti Rahma", "Select Siti"):
        page.get_by_role("checkbox", name=name, exact=True).check()
    page.get_by_role("button", name="Compare / merge").click()
    page.get_by_role("button", name="Not a duplicate").click()

    expect(page.get_by_text("Not a duplicate: you won't be asked again.")).to_be_visible()
    page.get_by_role("link", name="Not duplicates").click()
    expect(page.get_by_role("row", name=re.compile("Siti Rahma and Siti"))).to_be_visible()
