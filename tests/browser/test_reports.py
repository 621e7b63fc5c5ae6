"""Reports in the browser: by keyboard, without JavaScript, and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import sign_in
from tests.browser.test_axe import buy
from tests.factories import Cast
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_a_group_is_found_by_keyboard_and_leads_to_its_customers(
    page: Page, running_app: RunningApp, cast: Cast
) -> None:
    buy(cast.owner)
    sign_in(page, running_app.url, cast.viewer)
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("heading", name="Reports")).to_be_visible()
    page.get_by_role("link", name="Groups").press("Enter")
    name = page.locator(".rfm-groups summary").filter(has_text="Loyal").first
    name.press("Enter")
    expect(page.get_by_text("R3 or R4 with FM4 or FM5")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("R3 or R4 with FM4 or FM5")).to_be_hidden()
    row = page.locator(".rfm-groups tr").filter(has=page.locator("summary", has_text="Loyal")).first
    link = row.get_by_role("link")
    number = link.inner_text()
    assert int(number) > 0
    link.press("Enter")
    expect(page.get_by_text(f"{number} customers")).to_be_visible()


def test_without_javascript_a_phone_shows_all_of_it(browser: Browser, running_app: RunningApp, cast: Cast) -> None:
    buy(cast.owner)
    context = browser.new_context(java_script_enabled=True, viewport={"width": 360, "height": 740})
    sign_in(context.new_page(), running_app.url, cast.viewer)
    plain = browser.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, storage_state=context.storage_state()
    ).new_page()
    for path, heading in (("", "Sales by month"), ("/rfm", "Slipping"), ("/cohorts", "Came back by month")):
        plain.goto(f"{running_app.url}/reports{path}")
        expect(plain.get_by_role("heading", name=heading)).to_be_visible()
        assert plain.locator("main").bounding_box()["width"] <= 360  # type: ignore[index]  # it is visible
        what = plain.locator("details.what").first
        what.locator("summary").click()
        expect(what.locator("p")).to_be_visible()
    plain.goto(f"{running_app.url}/reports/cohorts")
    cells = plain.locator(".wide").first
    assert cells.evaluate("box => box.scrollWidth > box.clientWidth"), "the table scrolls, not the page"
    assert not wide(plain)
