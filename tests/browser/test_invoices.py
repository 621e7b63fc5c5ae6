"""The list of invoices in the browser: search, edit in a window, and the download, by hand and on a phone."""

from __future__ import annotations

import zipfile

from playwright.sync_api import Page, expect

from crm.invoices.services import add_invoice
from crm.values import clock
from tests.browser.steps import sign_in
from tests.factories import PDF, Cast, make_customer, make_receipt
from tests.product import RunningApp


def test_a_bookkeeper_finds_edits_and_downloads(page: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        make_receipt(customer_id=make_customer(name="Ibu Sari"))
        add_invoice(make_customer(name="Budi Santoso"), 90_000_00, clock.utcnow().date(), "Tea")
    sign_in(page, running_app.url, cast.manager)
    page.goto(f"{running_app.url}/")
    page.keyboard.press("g")
    page.keyboard.press("v")
    expect(page.locator("h1")).to_have_text("Invoices")
    expect(page.locator("#sums")).to_contain_text("Rp\u00a0240.000")

    page.get_by_label("Search invoices").fill("budi")
    expect(page.locator(".list tbody tr")).to_have_count(1)
    expect(page).to_have_url(f"{running_app.url}/invoices?q=budi")
    expect(page.locator("#sums")).to_contain_text("Rp\u00a090.000")

    page.locator(".row-menu summary").click()
    page.locator(".row-menu a", has_text="Edit").click()
    page.locator("dialog[open] [name=amount]").fill("95.000")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast-note")).to_contain_text("saved")
    expect(page.locator("#sums")).to_contain_text("Rp\u00a095.000")
    expect(page.locator(".list tbody tr")).to_have_count(1)
    assert page.evaluate("document.activeElement !== document.body"), "focus is somewhere"

    page.get_by_label("Search invoices").fill("sari")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 1 receipt").click()
    with zipfile.ZipFile(download.value.path()) as packed:
        pdf, index = packed.namelist()
        assert (packed.read(pdf), index) == (PDF, "index.csv")
        assert "Ibu Sari 150000 IDR.pdf" in pdf

    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{running_app.url}/invoices")
    expect(page.locator(".list tbody tr")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
