"""Windows whose fields have names that the browser knows for the form itself."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.steps import sign_in
from tests.factories import Cast, make_lead
from tests.product import RunningApp


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_follow_up_is_planned_in_its_window(page: Page, running_app: RunningApp, cast: Cast, app: Flask) -> None:
    with cast.owner.acting():
        lead = make_lead(name="Siti Rahma")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/leads/{lead}")
    page.locator(f'a[data-window][href="/leads/{lead}/follow-ups/new"]').first.click()
    window = page.get_by_role("dialog")
    window.get_by_label("Note").fill("Ask about Bali")
    window.locator("button.btn-primary").click()
    expect(page.get_by_role("region", name="Follow-ups").get_by_text("Ask about Bali")).to_be_visible()
    expect(window).to_be_hidden()
    assert complaints == []
