"""A receipt is photographed at the counter, with a phone, and its PDF fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pikepdf
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests import make_files
from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer
from tests.invoices.steps import work
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# Larger than any other request may be.
PHOTO = make_files.encode(make_files.photo((3000, 4000)), "JPEG", quality=90)


@pytest.fixture
def phone(browser: Browser, running_app: RunningApp, cast: Cast) -> Iterator[Page]:
    """A phone, 360 pixels wide, that shows the page of Siti."""
    with cast.staff.acting():
        customer = make_customer(name="Siti Rahma")
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/customers/{customer}")
    yield page
    context.close()


def photograph(page: Page, amount: str = "150.000") -> None:
    """Fill in the window with what the camera gave."""
    page.get_by_role("link", name="Add invoice").first.tap()
    page.get_by_label("Amount in IDR").fill(amount)
    page.get_by_label("Receipts").set_input_files({"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": PHOTO})
    page.get_by_role("button", name="Save invoice").tap()


def test_a_photo_is_uploaded_with_progress_and_becomes_a_pdf_before_ones_eyes(phone: Page, app: Flask) -> None:
    debugger = phone.context.new_cdp_session(phone)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": len(PHOTO)}
    debugger.send("Network.enable")
    debugger.send("Network.emulateNetworkConditions", slow)
    photograph(phone)

    expect(phone.get_by_role("progressbar", name="Uploading")).to_be_visible()
    expect(phone.get_by_role("dialog")).to_contain_text(re.compile(r"Uploading, [1-9]\d? %"))
    expect(phone.get_by_role("dialog")).to_be_hidden()
    panel = phone.get_by_role("region", name="Invoices")
    expect(panel).to_contain_text("Rp 150.000")
    expect(panel.locator("[data-state=converting]")).to_contain_text("Converting")
    assert violations(phone) == []

    work(app)
    expect(panel.locator("[data-state=ready]")).to_contain_text("Ready")
    with phone.expect_download() as download:
        panel.get_by_role("link", name="PDF of IMG_1.jpg").tap()
    assert download.value.suggested_filename == "IMG_1.pdf"
    with pikepdf.open(download.value.path()) as pdf:
        assert len(pdf.pages) == 1
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") == 360


def test_the_chosen_file_survives_a_wrong_amount(phone: Page, app: Flask) -> None:
    photograph(phone, amount="a lot")

    expect(phone.locator(".error-summary")).to_be_focused()
    expect(phone.locator(".error-summary")).to_contain_text("Enter the amount in digits")
    assert phone.evaluate("document.querySelector('#receipt').files[0].name") == "IMG_1.jpg"
    assert violations(phone) == []
    phone.get_by_label("Amount in IDR").fill("75.000")
    phone.get_by_role("button", name="Save invoice").tap()

    expect(phone.get_by_role("region", name="Invoices")).to_contain_text("IMG_1.jpg")


def test_a_refused_file_is_named_at_its_field_and_what_was_typed_stays(phone: Page) -> None:
    phone.get_by_role("link", name="Add invoice").first.tap()
    phone.get_by_label("Amount in IDR").fill("150.000")
    phone.get_by_label("Note").fill("Cake")
    phone.get_by_label("Receipts").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"not a photo"}
    )
    phone.get_by_role("button", name="Save invoice").tap()

    expect(phone.locator("#receipt-error")).to_contain_text("This file is not a PDF, JPEG or PNG")
    expect(phone.get_by_label("Amount in IDR")).to_have_value("150.000")
    expect(phone.get_by_label("Note")).to_have_value("Cake")
    assert phone.evaluate("document.querySelector('#receipt').files.length") == 0
    assert violations(phone) == []


def test_a_damaged_photo_says_why_and_is_tried_again_by_a_tap(phone: Page, app: Flask) -> None:
    phone.get_by_role("link", name="Add invoice").first.tap()
    phone.get_by_label("Amount in IDR").fill("150.000")
    half = {"name": "half.jpg", "mimeType": "image/jpeg", "buffer": PHOTO[: len(PHOTO) // 2]}
    phone.get_by_label("Receipts").set_input_files(half)
    phone.get_by_role("button", name="Save invoice").tap()
    receipt = phone.locator("#receipt-1")
    expect(receipt).to_have_attribute("data-state", "converting")
    work(app)

    expect(receipt).to_contain_text("This picture is damaged or cut off.")
    assert violations(phone) == []
    receipt.get_by_role("button", name="Try again").tap()
    expect(receipt).to_have_attribute("data-state", "converting")
    work(app)
    expect(receipt).to_have_attribute("data-state", "failed")


def test_a_receipt_that_is_gone_does_not_complain_every_two_seconds(phone: Page, app: Flask, cast: Cast) -> None:
    photograph(phone)
    expect(phone.locator("#receipt-1")).to_be_visible()
    phone.route("**/receipts/1?*", lambda route: route.fulfill(status=404, body="gone"))
    with phone.expect_response("**/receipts/1?*"):
        pass
    phone.wait_for_timeout(200)

    expect(phone.locator(".toast-bad")).to_have_count(0)


def test_without_javascript_a_receipt_is_uploaded_refreshed_and_fetched(
    browser: Browser, running_app: RunningApp, cast: Cast, app: Flask
) -> None:
    with cast.staff.acting():
        customer = make_customer(name="Siti Rahma")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/customers/{customer}")
    page.get_by_role("link", name="Add invoice").first.click()
    page.get_by_label("Amount in IDR").fill("x")
    page.get_by_role("button", name="Save invoice").click()
    expect(page.locator(".error-summary")).to_contain_text("Enter the amount in digits")
    page.get_by_label("Amount in IDR").fill("150.000")
    page.get_by_label("Receipts").set_input_files({"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": PHOTO})
    page.get_by_role("button", name="Save invoice").click()

    expect(page.locator("#receipt-1")).to_contain_text("Converting")
    work(app)
    page.get_by_role("link", name="Refresh").click()
    expect(page.locator("#receipt-1")).to_contain_text("Ready")
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF of IMG_1.jpg").click()
    assert download.value.suggested_filename == "IMG_1.pdf"
    context.close()
