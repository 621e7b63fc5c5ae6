"""Invoices as orders at the counter: figures, points and the ledger follow an invoice, and its voiding, at once."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from crm.accounts.services import change_organization
from crm.invoices.services import add_invoice
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def counter(page: Page, running_app: RunningApp, app: Flask, cast: Cast) -> Page:
    """The page of a customer with one invoice, with a manager signed in where invoices earn points."""
    with app.app_context():
        change_organization(cast.owner.organization_id, {"earn_points": "1", "earn_per": "10000"})
    with cast.staff.acting():
        customer = make_customer(name="Siti Rahma")
        add_invoice(customer, 100_000_00, dt.date(2025, 3, 2), "Klepon")
    sign_in(page, running_app.url, cast.manager)
    page.goto(f"{running_app.url}/customers/{customer}")
    return page


def test_an_invoice_is_added_and_void_and_everything_follows_at_once(counter: Page) -> None:
    counter.evaluate("window.stayed = true")
    panel, profile = counter.get_by_role("region", name="Invoices"), counter.get_by_role("region", name="Profile")
    expect(panel.locator(".order-figures")).to_contain_text("Orders1")

    panel.get_by_role("link", name="Add invoice").click()
    dialog = counter.get_by_role("dialog", name="Add invoice for Siti Rahma")
    dialog.get_by_label("Amount in IDR").fill("50.000")
    dialog.get_by_role("button", name="Save invoice").click()

    expect(counter.get_by_role("status")).to_contain_text("Siti Rahma added. 5 points earned.")
    expect(panel.locator(".order-figures")).to_have_text(
        "Orders2 SpentRp\xa0150.000 Average orderRp\xa075.000 Last orderToday"
    )
    expect(profile).to_contain_text("15 Bronze")
    expect(counter.get_by_role("region", name="Points")).to_contain_text("+5 Invoice of Rp 50.000")

    panel.get_by_label("Actions for Rp\xa050.000").click()
    panel.get_by_role("link", name="Void").click()
    window = counter.get_by_role("dialog", name="Void the invoice of Rp\xa050.000 for Siti Rahma?")
    expect(window).to_contain_text("The 5 points that it earned are deducted")
    counter.keyboard.press("Escape")
    expect(window).to_be_hidden()
    expect(panel.locator(".order-figures")).to_contain_text("Orders2")

    panel.get_by_label("Actions for Rp\xa050.000").click()
    panel.get_by_role("link", name="Void").click()
    window.get_by_role("button", name="Void invoice").click()

    expect(counter.get_by_role("status")).to_contain_text("Siti Rahma voided. 5 points deducted.")
    expect(panel.locator(".order-figures")).to_contain_text("Orders1")
    void = panel.get_by_role("listitem").filter(has_text="Void")
    expect(void.locator("s")).to_have_text("Rp\xa050.000")
    expect(profile).to_contain_text("10 Bronze")
    assert counter.evaluate("document.activeElement !== document.body")
    assert counter.evaluate("window.stayed"), "the page is never loaded again"


def test_on_the_page_of_all_invoices_a_void_one_is_struck_at_once(counter: Page) -> None:
    counter.goto(f"{counter.url}/invoices")
    counter.get_by_label("Actions for Rp\xa0100.000").click()
    counter.get_by_role("link", name="Void").click()
    counter.get_by_role("dialog").get_by_role("button", name="Void invoice").click()

    expect(counter.locator("s")).to_have_text("Rp\xa0100.000")
    expect(counter.locator(".order-figures")).to_have_count(0)


def test_without_javascript_an_invoice_is_void_too(counter: Page, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=counter.context.storage_state())
    page = context.new_page()
    page.goto(counter.url)
    page.get_by_label("Actions for Rp\xa0100.000").click()
    page.get_by_role("link", name="Void").click()
    expect(page.get_by_role("heading", name="Void the invoice of Rp\xa0100.000 for Siti Rahma?")).to_be_visible()
    page.get_by_role("button", name="Void invoice").click()
    expect(page.locator("s")).to_have_text("Rp\xa0100.000")
