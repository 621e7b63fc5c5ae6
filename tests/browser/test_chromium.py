"""The browser of the system reaches the product."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.product import RunningApp


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_browser_reaches_the_product(page: Page, running_app: RunningApp) -> None:
    page.goto(f"{running_app.url}/up")
    expect(page.locator("body")).to_have_text("up")
