"""A list comes in from a file, at the desk and on a phone, and goes back with one click."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer
from tests.imports.steps import work
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CARDS = """BEGIN:VCARD
VERSION:3.0
N:Rahma;Siti;;;
FN:Siti Rahma
TEL;type=CELL;type=pref:0812-3456-7890
END:VCARD
BEGIN:VCARD
VERSION:3.0
N:Santoso;Budi;;;
FN:Budi Santoso
TEL;type=CELL:0813 1111 2222
END:VCARD
"""
LIST = """Name,Phone,Email,City,Fax
Budi Santoso,6.28E+12,budi@example.com,Bandung,1
Ani Wijaya,ani@example.com,0812 9999 1111,Bogor,
Rudi Hartono,0812 7777 8888,no e-mail,Depok,
Siti Rahma,0812 3456 7890,,Jakarta,
Dewi Lestari,6.28E+12,dewi@example.com,Solo,
Eko Prasetyo,0812 5555 4444,,Solo,
"""


@pytest.fixture
def desk(page: Page, running_app: RunningApp, cast: Cast) -> Page:
    with cast.manager.acting():
        make_customer(name="Siti Rahma", phone="081234567890")
    sign_in(page, running_app.url, cast.manager)
    return page


@pytest.fixture
def phone(browser: Browser, running_app: RunningApp, cast: Cast) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    sign_in(page, running_app.url, cast.manager)
    yield page
    context.close()


@pytest.fixture
def without_scripts(browser: Browser, running_app: RunningApp, cast: Cast) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{running_app.url}/login")
    sign_in(page, running_app.url, cast.manager)
    yield page
    context.close()


def choose(page: Page, text: str, name: str = "list.csv") -> None:
    page.get_by_label("File", exact=True).set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Upload and check").click()


def check(page: Page, app: Flask) -> None:
    """Upload the list, and let the worker check it."""
    page.goto(page.url.partition("/imports")[0].rstrip("/") + "/imports/new")
    choose(page, LIST)
    expect(page.get_by_text("The file is being read")).to_be_visible()
    work(app)
    page.reload()
    expect(page.get_by_text("Checked, not imported yet")).to_be_visible()


def row(page: Page, number: int):  # type: ignore[no-untyped-def]  # a Locator
    return page.locator(f"#import-row-{number}")


def test_the_contacts_of_a_phone_come_in_and_go_back(phone: Page, app: Flask) -> None:
    phone.get_by_text("Menu", exact=True).tap()
    phone.get_by_role("link", name="Import", exact=True).tap()
    expect(phone.get_by_role("heading", name="Nothing imported yet")).to_be_visible()
    assert violations(phone) == []
    phone.get_by_role("link", name="Import customers").first.tap()
    choose(phone, CARDS, "contacts.vcf")
    expect(phone.get_by_text("The file is being read")).to_be_visible()
    assert violations(phone) == []

    work(app)
    expect(phone.get_by_role("button", name="Import: add 2 customers")).to_be_visible()
    expect(row(phone, 1)).to_contain_text("Siti Rahma")
    expect(row(phone, 1)).to_contain_text("0812-3456-7890")
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    phone.get_by_role("button", name="Import: add 2 customers").tap()
    expect(phone.get_by_text("Importing")).to_be_visible()
    work(app)
    expect(phone.get_by_text("Imported", exact=True)).to_be_visible()
    expect(phone.get_by_text("It can be undone until")).to_be_visible()
    assert violations(phone) == []
    phone.get_by_role("link", name="Budi Santoso").tap()
    expect(phone.get_by_role("heading", name="Budi Santoso")).to_be_visible()
    phone.go_back()

    phone.get_by_role("button", name="Undo the import").tap()
    expect(phone.get_by_text("Everything that this import did is taken back.")).to_be_visible()
    assert violations(phone) == []
    phone.get_by_role("link", name="Go to customers").tap()
    expect(phone.get_by_text("No customers yet")).to_be_visible()


def test_what_is_wrong_is_put_right_where_it_stands(desk: Page, app: Flask) -> None:
    check(desk, app)
    expect(desk.get_by_role("link", name="Errors 4")).to_have_attribute("aria-current", "page")
    expect(desk.get_by_role("button", name="Import: add 1, change 1 customers")).to_be_visible()
    expect(desk.get_by_text("4 rows are left out.")).to_be_visible()
    assert violations(desk) == []

    row(desk, 3).get_by_role("button", name="Take this").click()
    expect(row(desk, 3)).to_contain_text("New")
    expect(row(desk, 3)).to_contain_text("0812-9999-1111")
    field = row(desk, 2).get_by_label("Phone")
    field.fill("0812 3333 4444")
    field.press("Enter")
    expect(row(desk, 2)).to_contain_text("0812-3333-4444")
    assert desk.evaluate("document.activeElement.closest('#import-row-2') !== null")
    row(desk, 4).get_by_role("button", name="Leave out").click()
    expect(row(desk, 4)).to_contain_text("Left out")
    row(desk, 4).get_by_role("button", name="Undo").click()
    expect(row(desk, 4).get_by_label("Email")).to_have_value("no e-mail")
    row(desk, 4).get_by_role("button", name="Without this value").click()
    expect(row(desk, 4)).to_contain_text("Without the wrong value")
    expect(desk.get_by_role("button", name="Import: add 4, change 1 customers")).to_be_visible()

    row(desk, 6).get_by_role("link", name="Edit row 6").click()
    window = desk.get_by_role("dialog", name="Row 6")
    window.get_by_label("Phone").fill("0812 4444 4444")
    window.get_by_role("button", name="Save and check again").click()
    expect(window).to_be_hidden()
    expect(desk.get_by_role("button", name="Import: add 5, change 1 customers")).to_be_visible()
    assert violations(desk) == []

    desk.get_by_role("link", name="Changes 1").click()
    expect(row(desk, 5)).to_contain_text("City: Jakarta")
    desk.get_by_role("button", name="Import: add 5, change 1 customers").click()
    expect(desk.get_by_text("Importing")).to_be_visible()
    work(app)
    desk.reload()
    expect(desk.get_by_role("link", name="Added 5")).to_be_visible()
    expect(desk.get_by_role("link", name="Changed 1")).to_be_visible()


def test_all_is_done_without_scripts(without_scripts: Page, app: Flask) -> None:
    page = without_scripts
    check(page, app)
    row(page, 3).get_by_role("button", name="Take this").click()
    expect(page.get_by_text("Row 3: New")).to_be_visible()
    row(page, 2).get_by_label("Phone").fill("0812 3333 4444")
    row(page, 2).get_by_role("button", name="Correct").click()
    expect(page.get_by_text("Row 2: New")).to_be_visible()
    row(page, 4).get_by_role("button", name="Leave out").click()
    expect(row(page, 4)).to_contain_text("Left out")
    page.get_by_role("link", name="Import of list.csv").click()
    page.get_by_text("Columns and options").click()
    page.get_by_label("Fax").select_option("notes")
    page.get_by_role("button", name="Check again").click()
    work(app)
    page.reload()
    expect(row(page, 4)).not_to_contain_text("Left out")
    page.get_by_role("button", name="Import: add 4 customers").click()
    work(app)
    page.reload()
    expect(page.get_by_text("Imported", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("Everything that this import did is taken back.")).to_be_visible()


def test_what_is_no_list_is_said_at_the_field(desk: Page) -> None:
    desk.goto(desk.url.rstrip("/") + "/imports")
    desk.get_by_role("link", name="Import customers").first.click()
    choose(desk, "%PDF-1.4 whatever", "customers.csv")
    expect(desk.locator("#file-error")).to_contain_text("This is a PDF")
    assert violations(desk) == []


def test_an_upload_shows_its_progress_on_a_page_of_its_own(desk: Page) -> None:
    desk.goto(desk.url.rstrip("/") + "/imports/new")
    choose(desk, "%PDF-1.4 whatever", "customers.csv")
    expect(desk.locator("#file-error")).to_contain_text("This is a PDF")
    expect(desk.get_by_role("alert")).to_be_focused()
    assert violations(desk) == []

    throttled = desk.context.new_cdp_session(desk)
    throttled.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 100_000}
    throttled.send("Network.emulateNetworkConditions", slow)
    choose(desk, LIST + "Budi Santoso,,,Bandung,1\n" * 12_000)
    expect(desk.get_by_role("progressbar", name="Uploading")).to_be_visible()
    expect(desk.get_by_text("The file is being read")).to_be_visible()
    assert desk.url.endswith("/imports/1")
