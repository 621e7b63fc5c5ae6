"""A booking at the counter: persons are added and taken out by the keyboard, with JavaScript and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import sign_in
from tests.factories import Cast
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_two_persons_are_booked_by_the_keyboard_in_the_window(page: Page, running_app: RunningApp, cast: Cast) -> None:
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/bookings")
    page.evaluate("window.stayed = true")
    page.get_by_role("main").get_by_role("link", name="Add booking").first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Add booking")
    expect(dialog.get_by_label("Destination or service")).to_be_focused()
    dialog.get_by_label("From").fill("2026-12-24")
    dialog.get_by_label("Name").focus()
    page.keyboard.type("Ali Khan")
    dialog.get_by_role("button", name="Add another guest").focus()
    page.keyboard.press("Enter")

    second = dialog.get_by_role("group", name="Guest 2")
    expect(second.get_by_label("Name")).to_be_focused()
    expect(dialog.get_by_role("group", name="Guest 1").get_by_label("Name")).to_have_value("Ali Khan")
    page.keyboard.type("Sara Khan")
    page.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text("Booking B-0001 added.")
    row = page.get_by_role("row", name="B-0001")
    expect(row).to_contain_text("Ali Khan and 1 other")
    row.get_by_label("Actions for booking B-0001").click()
    row.get_by_role("button", name="Cancel booking").click()
    expect(row).to_have_count(0)
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("Pending")
    assert page.evaluate("window.stayed"), "the page is never loaded again"


def test_persons_are_added_and_removed_without_javascript(
    browser: Browser, running_app: RunningApp, cast: Cast
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/bookings/new")
    page.get_by_label("From").fill("2026-12-24")
    page.get_by_label("Name").fill("Ali Khan")
    for name in ("Sara Khan", "Omar Farooq"):
        page.get_by_role("button", name="Add another guest").press("Enter")
        page.get_by_role("group").last.get_by_label("Name").fill(name)
    page.get_by_role("group", name="Guest 3").get_by_label("Main contact").check()
    page.get_by_role("button", name="Remove guest 2").press("Enter")
    expect(page.get_by_label("From")).to_have_value("2026-12-24")
    page.get_by_role("button", name="Save booking").press("Enter")

    expect(page.get_by_role("heading", name="Booking B-0001")).to_be_visible()
    persons = page.get_by_role("region", name="Guests").get_by_role("listitem")
    expect(persons).to_have_text(["Ali Khan", "Omar Farooq Main contact"], use_inner_text=True)
