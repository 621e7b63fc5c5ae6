"""A receipt is photographed at the counter, with a phone, and its PDF fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pikepdf
import pytest
from flask import Flask
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests import make_files
from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer
from tests.invoices.steps import work
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# Larger than any other request may be.
PHOTO = make_files.encode(make_files.photo((3000, 4000)), "JPEG", quality=90)
SMALL = make_files.encode(make_files.picture(), "JPEG")


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


def photo(name: str, content: bytes = SMALL) -> FilePayload:
    return {
        "name": name,
        "mimeType": "application/octet-stream" if name.endswith("f") else "image/jpeg",
        "buffer": content,
    }


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
    expect(phone.get_by_role("dialog")).to_contain_text(re.compile(r"Uploading: [1-9]\d?%"))
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

    expect(phone.get_by_role("list", name="Chosen files")).to_contain_text("This file is not a PDF, JPEG or PNG")
    expect(phone.get_by_text("Some of these files can't be used.")).to_be_focused()
    expect(phone.get_by_label("Amount in IDR")).to_have_value("150.000")
    expect(phone.get_by_label("Note")).to_have_value("Cake")
    assert phone.evaluate("document.querySelector('#receipt').files.length") == 0
    assert violations(phone) == []


def test_a_wrong_file_is_found_before_it_is_sent_and_the_good_ones_stay(phone: Page) -> None:
    sent: list[str] = []
    phone.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    phone.get_by_role("link", name="Add invoice").first.tap()
    phone.get_by_label("Amount in IDR").fill("150.000")
    bad = [
        photo("song.mp3", b"ID3" + bytes(99)),
        photo("huge.jpg", b"\xff\xd8\xff" + bytes(10 * 2**20)),
        photo("no.pdf", b""),
    ]
    phone.locator("#receipt").set_input_files([photo("a.jpg"), *bad, photo("b.jpg")])

    chosen = phone.get_by_role("list", name="Chosen files")
    expect(chosen.get_by_role("listitem")).to_have_count(5)
    expect(chosen).to_contain_text("song.mp3, 1 KBThis file is not a PDF, JPEG or PNG")
    expect(chosen).to_contain_text("This file is larger than 10 MB")
    expect(chosen).to_contain_text("This file is empty")
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    phone.get_by_role("button", name="Save invoice").tap()
    expect(phone.get_by_text("Some of these files can't be used.")).to_be_focused()
    assert sent == []
    for name in ("song.mp3", "huge.jpg", "no.pdf"):
        chosen.get_by_role("button", name=f"Remove {name}").tap()
    phone.get_by_role("button", name="Save invoice").tap()

    panel = phone.get_by_role("region", name="Invoices")
    expect(panel.locator("[data-state]")).to_have_count(2)
    expect(panel).to_contain_text("a.jpg")
    expect(panel).to_contain_text("b.jpg")


def test_what_only_the_server_finds_leaves_the_other_files_chosen(phone: Page) -> None:
    phone.get_by_role("link", name="Add invoice").first.tap()
    phone.get_by_label("Amount in IDR").fill("150.000")
    bad = [photo("half.pdf", b"%PDF-1.7\n" + bytes(500)), photo("bomb.png", make_files.png_bomb())]
    phone.locator("#receipt").set_input_files([photo("a.jpg"), *bad, photo("b.jpg")])
    phone.get_by_role("button", name="Save invoice").tap()

    expect(phone.locator(".error-summary li")).to_have_count(2)
    chosen = phone.get_by_role("list", name="Chosen files")
    expect(chosen).to_contain_text("This PDF is damaged or cut off.")
    expect(chosen).to_contain_text("This picture has too many pixels.")
    expect(phone.get_by_label("Amount in IDR")).to_have_value("150.000")
    assert violations(phone) == []
    chosen.get_by_role("button", name="Remove half.pdf").tap()
    chosen.get_by_role("button", name="Remove bomb.png").tap()
    phone.get_by_role("button", name="Save invoice").tap()
    expect(phone.get_by_role("region", name="Invoices").locator("[data-state]")).to_have_count(2)


def test_thirty_photos_are_saved_one_after_the_other(phone: Page) -> None:
    errors: list[object] = []
    phone.on("pageerror", lambda error: errors.append(error))
    phone.get_by_role("link", name="Add invoice").first.tap()
    phone.get_by_label("Amount in IDR").fill("a lot")
    phone.locator("#receipt").set_input_files([photo("image.jpg")] * 30)
    phone.get_by_role("button", name="Save invoice").tap()
    expect(phone.locator(".error-summary")).to_contain_text("Enter the amount in digits")
    expect(phone.get_by_role("list", name="Chosen files").get_by_role("listitem")).to_have_count(30)
    phone.get_by_label("Amount in IDR").fill("150.000")
    phone.get_by_role("button", name="Save invoice").tap()

    expect(phone.get_by_text(re.compile(r"Uploading \d+ of 30"))).to_be_visible()
    expect(phone.get_by_role("dialog")).to_be_hidden()
    panel = phone.get_by_role("region", name="Invoices")
    expect(panel.locator("[data-state]")).to_have_count(30)
    expect(panel.locator(".invoice")).to_have_count(1)
    expect(panel).to_contain_text("image (30).jpg")
    expect(panel.locator("[data-state]").nth(1)).to_contain_text("The same file is here twice, as image.jpg, too.")
    assert errors == []


def test_a_form_on_a_page_of_its_own_keeps_its_files_and_leads_to_the_customer(phone: Page) -> None:
    phone.goto(f"{phone.url}/invoices/new")
    phone.get_by_label("Amount in IDR").fill("a lot")
    phone.locator("#receipt").set_input_files([photo("a.jpg"), photo("b.jpg")])
    phone.get_by_role("button", name="Save invoice").tap()
    expect(phone.locator(".error-summary")).to_be_focused()
    assert phone.evaluate("document.querySelector('#receipt').files.length") == 2
    phone.get_by_label("Amount in IDR").fill("150.000")
    phone.get_by_role("button", name="Save invoice").tap()

    phone.wait_for_url(re.compile(r"/customers/\d+#invoices$"))
    expect(phone.get_by_role("region", name="Invoices").locator("[data-state]")).to_have_count(2)


def test_of_many_photos_those_that_did_not_go_through_are_named_and_sent_again(phone: Page) -> None:
    phone.get_by_role("link", name="Add invoice").first.tap()
    phone.get_by_label("Amount in IDR").fill("150.000")
    many = [photo(f"{number}.jpg") for number in range(12)]
    many[5] = photo("half.pdf", b"%PDF-1.7\n" + bytes(500))
    phone.locator("#receipt").set_input_files(many)
    answers = iter([True] * 9)
    phone.route(
        "**/receipts/new",
        lambda route: route.continue_() if next(answers, False) or route.request.method == "GET" else route.abort(),
    )
    phone.get_by_role("button", name="Save invoice").tap()

    told = phone.locator("[data-chosen-problem]")
    expect(told).to_contain_text("9 of 12 receipts are saved. Could not reach the server.")
    expect(told).to_be_focused()
    chosen = phone.get_by_role("list", name="Chosen files")
    expect(chosen.get_by_role("listitem")).to_have_count(3)
    expect(chosen).to_contain_text("half.pdf, 1 KBThis PDF is damaged")
    assert violations(phone) == []
    phone.unroute("**/receipts/new")
    chosen.get_by_role("button", name="Remove half.pdf").tap()
    phone.get_by_role("button", name="Save receipts").tap()

    receipts = phone.get_by_role("region", name="Invoices").locator("[data-state]")
    expect(receipts).to_have_count(11)
    expect(phone.get_by_role("region", name="Invoices").locator(".invoice")).to_have_count(1)


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
