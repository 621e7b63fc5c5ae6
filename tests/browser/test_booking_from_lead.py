"""The travel agent's walk with the phone: from a lead to a saved booking with nothing typed again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer, make_lead
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_known_lead_is_booked_by_two_taps_and_what_is_new(
    browser: Browser, running_app: RunningApp, cast: Cast
) -> None:
    with cast.owner.acting():
        lead = make_lead(name="Ali Khan", phone="0812 3456 7890", passport_number="AB1234567")
        make_customer(name="Sara Khan", phone="0813 1111 2222")
    page = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True).new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/leads/{lead}")

    page.get_by_role("link", name="Add booking").tap()
    dialog = page.get_by_role("dialog", name="Add booking")
    expect(dialog.get_by_label("Destination or service")).to_be_focused()
    page.keyboard.type("Umrah")
    dialog.get_by_label("From").fill("2026-12-24")
    expect(dialog.get_by_label("Name")).to_have_value("Ali Khan")
    expect(dialog.get_by_label("Phone")).to_have_value("0812-3456-7890")
    dialog.get_by_role("button", name="Save booking").tap()

    expect(page.get_by_role("heading", name="Booking B-0001")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Booking B-0001 added.")
    assert page.evaluate("document.documentElement.scrollWidth") == 360

    page.get_by_role("link", name="Edit").tap()
    page.get_by_role("dialog").get_by_role("button", name="Add another guest").tap()
    second = page.get_by_role("group", name="Guest 2")
    expect(second.get_by_label("Name")).to_be_focused()
    page.keyboard.type("sara")
    second.get_by_role("button", name="Sara Khan 0813-1111-2222").tap()
    expect(second.get_by_label("Phone")).to_have_value("0813-1111-2222")
    expect(second).to_contain_text("Known customer: Sara Khan")
    second.get_by_label("Name").press("End")
    page.keyboard.type(" Malik")
    expect(second).not_to_contain_text("Known customer")
    assert not problems
