"""Reminders in the browser: "Sent?", Later, the fold, and many at once, with JavaScript and without it."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Browser, Page, expect

from crm.values import clock
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer, make_follow_up, make_lead, make_message
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

COMES_BACK = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def due(cast: Cast) -> None:
    """Seven reminders since yesterday: six messages, and a follow-up."""
    since = clock.utcnow() - dt.timedelta(days=1)
    with cast.staff.acting():
        for number in range(6):
            customer_id = make_customer(name=f"Customer {number}", phone=f"0813-0000-000{number}")
            at = since + dt.timedelta(minutes=number)
            make_message(customer_id=customer_id, channel="whatsapp", status="reminder", send_at=at)
        make_follow_up(make_lead(name="Siti Rahma", phone="0812 3456 7890"), due_at=since - dt.timedelta(hours=1))


@pytest.fixture
def phone(page: Page, running_app: RunningApp, cast: Cast, due: None) -> Page:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, running_app.url, cast.staff)
    return page


def told(page: Page, sentence: str) -> None:
    expect(page.locator(".toast-note", has_text=sentence)).to_be_visible()


def test_back_from_whatsapp_the_row_asks_whether_it_was_sent(phone: Page) -> None:
    row = phone.get_by_role("listitem").filter(has_text="Customer 0")
    link = row.get_by_role("link", name="WhatsApp to Customer 0")
    link.evaluate("link => link.removeAttribute('target') || link.setAttribute('href', '#away')")
    link.click()
    expect(row.get_by_text("Sent?")).to_be_hidden()
    phone.evaluate(COMES_BACK)

    expect(row.get_by_text("Sent?")).to_be_visible()
    expect(row.get_by_role("button", name="Mark as done")).to_be_hidden()
    expect(row.get_by_role("button", name="Done")).to_be_focused()
    row.get_by_role("button", name="Not yet").click()
    expect(link).to_be_focused()
    phone.evaluate(COMES_BACK)
    expect(row.get_by_text("Sent?")).to_be_hidden()

    link.click()
    phone.reload()
    row.get_by_role("button", name="Done").click()
    told(phone, "Marked as done.")
    expect(row).to_have_count(0)
    expect(phone).to_have_title("(6) Customers · Shop")


def test_a_phone_shows_three_and_the_way_to_all(phone: Page) -> None:
    region = phone.get_by_role("region", name="Due reminders")
    expect(region.get_by_role("listitem").filter(visible=True)).to_have_count(3)
    phone.set_viewport_size({"width": 1280, "height": 900})
    expect(region.get_by_role("listitem").filter(visible=True)).to_have_count(5)
    region.get_by_role("link", name="Show all 7").click()
    expect(phone.get_by_role("heading", name="Reminders", level=1)).to_be_visible()
    expect(phone.get_by_role("main").get_by_role("listitem")).to_have_count(7)


def test_a_folded_list_stays_folded(phone: Page) -> None:
    region = phone.get_by_role("region", name="Due reminders")
    region.get_by_role("heading", name="To do now").click()
    expect(region.get_by_role("listitem").first).to_be_hidden()
    phone.wait_for_function("document.cookie.includes('fold-reminders=1')")  # the browser stores it in its own time
    phone.reload()
    expect(region.get_by_role("listitem").first).to_be_hidden()
    region.get_by_role("heading", name="To do now").click()
    expect(region.get_by_role("listitem").first).to_be_visible()


def test_one_is_moved_by_its_menu_with_the_keyboard(phone: Page) -> None:
    row = phone.get_by_role("listitem").filter(has_text="Customer 0")
    row.get_by_text("Later").press("Enter")
    phone.keyboard.press("ArrowDown")
    expect(row.get_by_role("button", name="In 1 hour")).to_be_focused()
    row.get_by_role("button", name="Tomorrow, 09:00").press("Enter")
    told(phone, "Moved to tomorrow, 09:00.")
    expect(row).to_have_count(0)
    phone.get_by_role("button", name="Undo").click()
    expect(phone.get_by_role("listitem").filter(has_text="Customer 0")).to_be_visible()


def test_many_are_done_and_moved_at_once(phone: Page, running_app: RunningApp) -> None:
    phone.goto(f"{running_app.url}/reminders")
    bar = phone.get_by_role("form", name="Selected reminders")
    expect(bar).to_be_hidden()
    phone.get_by_label("Select Siti Rahma").check()
    phone.get_by_label("Select Customer 0").check()
    expect(bar.get_by_text("2 selected")).to_be_in_viewport()
    bar.get_by_role("button", name="Mark as done").click()
    told(phone, "2 reminders marked as done.")
    expect(phone.get_by_role("main").get_by_role("listitem")).to_have_count(5)
    expect(bar).to_be_hidden()
    phone.get_by_label("Select all on this page").check()
    bar.get_by_role("button", name="Move to tomorrow").click()
    told(phone, "5 reminders moved to tomorrow, 09:00.")
    expect(phone.get_by_role("heading", name="Nothing to do now")).to_be_visible()
    expect(phone.get_by_role("heading", name="Coming next")).to_be_visible()
    expect(phone).to_have_title("Reminders · Shop")


def test_a_style_from_outside_is_not_taken_over_by_what_replaces_its_element(phone: Page) -> None:
    """A resized text box has one, and what an extension touched; taking it over is what the policy refuses."""
    phone.evaluate("document.querySelectorAll('[id]').forEach(element => { element.style.outlineColor = 'red'; })")
    phone.get_by_role("button", name="Mark as done").first.click()
    told(phone, "done")
    expect(phone.locator("#reminders-seen:not([style])")).to_have_count(1)


def test_without_javascript_many_are_done_and_undone(
    browser: Browser, running_app: RunningApp, cast: Cast, due: None
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    sign_in(page, running_app.url, cast.staff)
    page.get_by_role("link", name="Show all 7").click()
    page.get_by_label("Select Customer 1").check()
    page.get_by_label("Select Customer 2").check()
    page.get_by_role("form", name="Selected reminders").get_by_role("button", name="Mark as done").click()
    told(page, "2 reminders marked as done.")
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(5)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(7)
    row = page.get_by_role("listitem").filter(has_text="Customer 3")
    row.get_by_text("Later").click()
    row.get_by_role("button", name="Tomorrow, 09:00").click()
    told(page, "Moved to tomorrow, 09:00.")
    context.close()
