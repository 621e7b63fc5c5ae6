"""An owner's first hour on a phone, with JavaScript and without it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.browser.test_accounts import on_phone, told
from tests.factories import Cast
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_samples_are_tried_and_removed_and_steps_are_ticked(
    browser: Browser, running_app: RunningApp, cast: Cast, scripts: bool
) -> None:
    with on_phone(browser, scripts=scripts) as phone:
        page = phone.new_page()
        sign_in(page, running_app.url, cast.owner)
        expect(page.locator("#filters .filter-bar")).to_be_hidden()
        page.get_by_role("button", name="Try with sample customers").click()
        told(page, "12 sample customers added.")
        expect(page.locator("#filters .filter-bar")).to_be_visible()
        page.get_by_role("link", name="Remove the sample customers").click()
        page.get_by_role("button", name="Remove the sample customers").click()
        told(page, "12 sample customers removed.")
        expect(page.get_by_role("heading", name="No customers yet")).to_be_visible()
        steps = page.locator(".first-hour")
        steps.get_by_role("link", name="Put it on your phone").click()
        page.get_by_role("button", name="It is on my phone").click()
        expect(steps).to_contain_text("2 of 6 done")
        expect(steps.locator(".is-done", has_text="Put it on your phone")).to_be_visible()
        if scripts:
            assert violations(page) == []
        page.get_by_role("button", name="Don't show this again").click()
        expect(steps).to_have_count(0)
