"""Campaigns on a phone: from the thought to the message in a few taps, and how far it is."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from crm.campaigns import jobs
from crm.customers.models import Customer
from crm.customers.rules import Consent
from crm.kernel.db import transaction
from crm.values import clock
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer, make_invoice, make_paused_campaign
from tests.product import RunningApp

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PHONE = {"width": 360, "height": 740}


class Taps:
    """A phone that counts its taps."""

    def __init__(self, page: Page) -> None:
        self.page, self.number = page, 0

    def __call__(self, role: str, name: str) -> None:
        self.number += 1
        self.page.locator("main").get_by_role(role, name=name).first.click()  # type: ignore[arg-type]


@SQLITE
def test_who_was_not_seen_for_two_months_is_written_to_in_six_taps(
    page: Page, running_app: RunningApp, cast: Cast
) -> None:
    with cast.owner.acting():
        gone = make_customer(name="Ani", phone="0812 3456 7890", marketing_sms=Consent.GIVEN)
        make_invoice(gone)
        make_invoice(make_customer(name="Budi", marketing_sms=Consent.GIVEN))
        with transaction() as session:
            session.get_one(Customer, gone).last_order_at = clock.utcnow() - dt.timedelta(days=70)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    sign_in(page, running_app.url, cast.owner)
    taps = Taps(page)
    page.locator("header summary", has_text="Menu").click()
    page.get_by_role("link", name="Campaigns").first.click()
    taps.number += 2
    taps("button", "were not seen for 60 days")
    expect(page.get_by_label("Message")).to_be_focused()
    page.keyboard.type("Hi {name}, we miss you")
    taps("button", "Save and look at it")
    expect(page.get_by_text("1 can be reached by SMS.")).to_be_visible()
    expect(page.get_by_text("Hi Ani, we miss you")).to_be_visible()
    taps("button", "Send now")
    expect(page.locator("#campaign")).to_have_attribute("data-state", "scheduled")
    assert taps.number <= 6


@SQLITE
def test_the_page_follows_a_campaign_that_goes_on(page: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        campaign = make_paused_campaign()
    sign_in(page, running_app.url, cast.owner)
    page.goto(f"{running_app.url}/campaigns/{campaign}")
    expect(page.locator("#campaign")).to_have_attribute("data-state", "paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#campaign")).to_have_attribute("data-state", "sending")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#campaign")).to_have_attribute("data-state", "paused")
    page.get_by_role("link", name="Stop").click()
    page.get_by_role("button", name="Stop campaign").click()
    expect(page.locator("#campaign")).to_have_attribute("data-state", "stopped")
    with cast.owner.app.app_context():
        while jobs.go_on_due():
            pass
    page.reload()
    expect(page.get_by_role("heading", name="8 recipients")).to_be_visible()
