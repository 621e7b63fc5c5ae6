"""A day at the shop, from the first customer to the last reminder: once with JavaScript, once without.

These are the things a shop tries first: add, edit, delete with a question, search, order by the next message, schedule,
mark as done, upload pictures and PDFs, refuse other files, and see what is wrong beside the field.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator

import pikepdf
import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from crm.values import clock
from tests import make_files
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer, make_message
from tests.product import RunningApp
from tests.servers import Process

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browser: Browser, running_app: RunningApp, cast: Cast) -> Iterator[Page]:
    """The home page as a manager sees it."""
    context = browser.new_context(java_script_enabled=request.param == "with JavaScript", locale="en-GB")
    page = context.new_page()
    sign_in(page, running_app.url, cast.manager)
    yield page
    context.close()


def form(page: Page) -> Locator:
    """Return the form that is open: in a window, or on a page of its own."""
    return page.locator("form.window")


def save(page: Page, button: str) -> None:
    form(page).get_by_role("button", name=button).click()


def home(page: Page, running_app: RunningApp) -> None:
    page.goto(running_app.url)


def names(page: Page) -> list[str]:
    return page.locator("table.customers tbody th a").all_inner_texts()


def search(page: Page, text: str) -> None:
    page.get_by_role("searchbox", name="Search customers").fill(text)
    page.get_by_role("searchbox", name="Search customers").press("Enter")
    expect(page).to_have_url(re.compile("q="))


def test_customers_are_added_edited_and_deleted_after_a_question(page: Page, running_app: RunningApp) -> None:
    page.get_by_role("link", name="Add customer").first.click()
    save(page, "Save customer")
    expect(form(page).get_by_role("alert")).to_contain_text("Enter the customer's name.")
    expect(form(page).locator("#name-error")).to_contain_text("Enter the customer's name.")

    form(page).get_by_label("Name", exact=True).fill("Siti Rahma")
    form(page).get_by_label("Phone").fill("0812-3456-7890")
    save(page, "Save customer")
    expect(page.get_by_role("status")).to_contain_text("Siti Rahma added.")

    home(page, running_app)
    page.get_by_role("link", name="Siti Rahma", exact=True).click()
    expect(page.get_by_role("heading", name="Siti Rahma", level=1)).to_be_visible()
    page.get_by_role("link", name="Edit", exact=True).click()
    form(page).get_by_label("City").fill("Bandung")
    save(page, "Save customer")
    expect(page.get_by_role("region", name="Profile")).to_contain_text("Bandung")

    page.locator("summary[aria-label='More for Siti Rahma']").click()
    page.get_by_role("link", name="Delete").click()
    expect(form(page)).to_contain_text("Delete Siti Rahma for good?")
    save(page, "Delete customer")
    expect(page.get_by_role("status")).to_contain_text("Siti Rahma deleted.")
    home(page, running_app)
    expect(page.get_by_text("No customers yet")).to_be_visible()


def test_the_most_urgent_is_first_and_search_narrows(page: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.manager.acting():
        people = {
            name: make_customer(name=name, phone=phone)
            for name, phone in (("Soon", "0812 1111 2222"), ("Never", "0813 1111 2222"), ("Sooner", "0857 3333 4444"))
        }
    for name, days in (("Soon", "9"), ("Sooner", "2")):
        page.goto(f"{running_app.url}/customers/{people[name]}/messages/new")
        form(page).get_by_label("Message", exact=True).fill("Your cake is ready")
        form(page).get_by_label("Send in … days").fill(days)
        save(page, "Schedule message")
        expect(page.get_by_role("status")).to_contain_text("scheduled")

    home(page, running_app)
    assert names(page) == ["Sooner", "Soon", "Never"]
    search(page, "soo")
    expect(page.get_by_role("link", name="Never", exact=True)).to_have_count(0)
    assert names(page) == ["Sooner", "Soon"]
    search(page, "0813 111")
    expect(page.get_by_role("link", name="Soon", exact=True)).to_have_count(0)
    assert names(page) == ["Never"]


def test_a_due_message_is_a_reminder_until_it_is_done(
    page: Page, running_app: RunningApp, cast: Cast, worker_process: Callable[[dict[str, str]], Process]
) -> None:
    with cast.manager.acting():
        customer_id = make_customer(name="Siti Rahma", phone="0812-3456-7890")
        make_message(
            customer_id=customer_id,
            channel="whatsapp",
            body="Your cake is ready",
            status="reminder",
            send_at=clock.utcnow() - dt.timedelta(minutes=1),
        )
    home(page, running_app)
    reminders = page.get_by_role("region", name="Due reminders")
    expect(reminders).to_contain_text("Siti Rahma")
    link = reminders.get_by_role("link", name="WhatsApp to Siti Rahma").get_attribute("href")
    assert link == "https://wa.me/6281234567890?text=Your%20cake%20is%20ready"

    reminders.get_by_role("button", name="Mark as done").click()
    expect(page.get_by_role("region", name="Due reminders")).to_have_count(0)
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="Due reminders")).to_contain_text("Siti Rahma")

    worker_process(running_app.environ)
    page.goto(f"{running_app.url}/customers/{customer_id}/messages/new")
    form(page).get_by_label("Message", exact=True).fill("Second cake")
    form(page).get_by_label("Send in … days").fill("0")
    save(page, "Schedule message")
    expect(page.get_by_role("status")).to_contain_text("scheduled")
    for _ in range(20):
        home(page, running_app)
        if "Second cake" in page.content():
            break
        page.wait_for_timeout(500)
    expect(page.get_by_role("region", name="Due reminders")).to_contain_text("Second cake")


def test_pictures_become_pdfs_and_other_files_are_refused(
    page: Page, running_app: RunningApp, cast: Cast, app: Flask, worker_process: Callable[[dict[str, str]], Process]
) -> None:
    with cast.manager.acting():
        customer_id = make_customer(name="Siti Rahma")
    worker_process(running_app.environ)
    page.goto(f"{running_app.url}/customers/{customer_id}/invoices/new")
    form(page).get_by_label("Amount in IDR").fill("1.500")
    receipt = form(page).get_by_label("Receipts")
    receipt.set_input_files(
        {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"only text, whatever its name"}
    )
    save(page, "Save invoice")
    expect(form(page)).to_contain_text("This file is not a PDF, JPEG or PNG.")
    expect(form(page).get_by_label("Amount in IDR")).to_have_value("1.500")

    photo = make_files.encode(make_files.photo((300, 200)), "JPEG")
    receipt.set_input_files({"name": "receipt.jpg", "mimeType": "image/jpeg", "buffer": photo})
    save(page, "Save invoice")
    expect(page.get_by_role("status")).to_contain_text("Invoice")
    for _ in range(40):
        page.goto(f"{running_app.url}/customers/{customer_id}")
        if page.locator("[data-state=ready]").count():
            break
        page.wait_for_timeout(500)
    expect(page.locator("[data-state=ready]")).to_have_count(1)
    invoices = page.get_by_role("region", name="Invoices")
    expect(invoices.get_by_role("strong").get_by_text("Rp 1.500", exact=True)).to_be_visible()
    with cast.manager.client().get("/receipts/1/file") as answer:
        assert len(pikepdf.open(io.BytesIO(answer.data)).pages) == 1
    with cast.manager.client().get("/receipts/1/original") as answer:
        assert answer.data == photo


def test_many_are_deactivated_and_put_back(page: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.manager.acting():
        for name in ("Siti", "Budi", "Ayu"):
            make_customer(name=name)
    home(page, running_app)
    page.get_by_label("Select Siti").check()
    page.get_by_label("Select Budi").check()
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("status")).to_contain_text("2 customers deactivated")
    expect(page.get_by_role("row", name="Siti")).to_contain_text("Inactive")
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("row", name="Siti")).not_to_contain_text("Inactive")
