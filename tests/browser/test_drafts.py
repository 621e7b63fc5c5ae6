"""Nothing typed is ever lost: by Esc, Back, Cancel, a page that is left, or a session that ended."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from crm.accounts.models import SignIn
from crm.accounts.queries import locked_organization
from crm.kernel.db import transaction
from tests.browser.steps import sign_in
from tests.factories import PASSWORD, Cast, make_customer
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TEXT = "Shall we bake the birthday cake for Saturday again?"
KEPT = "What you typed is kept: sign in to go on."


@pytest.fixture
def home(page: Page, running_app: RunningApp, cast: Cast) -> Page:
    with cast.owner.acting():
        for name in ("Siti Rahma", "Budi Santoso"):
            make_customer(name=name, phone=f"0812 3456 78{len(name)}")
    sign_in(page, running_app.url, cast.staff)
    return page


def window_of(page: Page, name: str) -> Locator:
    """Open the window that schedules a message."""
    row = page.locator("table.list tbody tr", has_text=name)
    row.locator("a[data-window][href$='/messages/new']").first.evaluate("link => link.click()")
    window = page.get_by_role("dialog")
    expect(window.get_by_role("heading", level=1)).to_be_visible()
    return window


def text_in(window: Locator) -> Locator:
    return window.locator("textarea[name=body]")


def test_every_way_to_close_a_window_keeps_the_text(home: Page) -> None:
    for close in ("Escape", "Cancel", "Close", "Back"):
        window = window_of(home, "Siti Rahma")
        text_in(window).fill(f"{TEXT} {close}")
        if close == "Escape":
            home.keyboard.press("Escape")
        elif close == "Back":
            home.go_back()
        else:
            window.locator("[data-close], .dialog-close button").filter(
                has_text=re.compile("Cancel") if close == "Cancel" else re.compile("^\\s*$")
            ).first.click()
        expect(window).to_be_hidden()
        expect(home).to_have_url(re.compile(r"/$"))
        expect(home.get_by_role("searchbox", name="Search customers")).to_be_visible()
        window_of(home, "Siti Rahma")
        expect(text_in(window)).to_have_value(f"{TEXT} {close}")
        expect(window.get_by_text(re.compile(r"Your text of \d\d:\d\d is back"))).to_be_visible()
        window.get_by_role("button", name="Discard").click()
        expect(text_in(window)).to_have_value("")
        expect(window.get_by_text("is back")).to_have_count(0)
        home.keyboard.press("Escape")
        expect(window).to_be_hidden()
    window_of(home, "Siti Rahma")
    expect(text_in(window)).to_have_value("")
    expect(window.get_by_text("is back")).to_have_count(0)


def test_a_preview_that_answers_while_somebody_types_keeps_the_text(home: Page) -> None:
    window = window_of(home, "Siti Rahma")
    text_in(window).fill(TEXT)
    expect(window.locator(".message-preview")).to_contain_text("51 characters")
    home.keyboard.press("Escape")
    expect(window).to_be_hidden()
    window_of(home, "Siti Rahma")
    expect(text_in(window)).to_have_value(TEXT)


def test_a_text_belongs_to_its_own_window_and_is_gone_once_saved(home: Page) -> None:
    window = window_of(home, "Siti Rahma")
    text_in(window).fill(TEXT)
    home.keyboard.press("Escape")
    expect(window).to_be_hidden()
    window_of(home, "Budi Santoso")
    expect(text_in(window)).to_have_value("")
    home.keyboard.press("Escape")
    expect(window).to_be_hidden()
    window_of(home, "Siti Rahma")
    window.locator(".window-actions [type=submit]").click()
    expect(window).to_be_hidden()
    home.wait_for_timeout(500)  # sooner it would be the second press of a double click
    window_of(home, "Siti Rahma")
    expect(text_in(window)).to_have_value("")


def test_back_leads_from_a_closed_window_to_the_page_before(home: Page) -> None:
    home.get_by_role("link", name="Leads").first.click()
    expect(home).to_have_url(re.compile("/leads$"))
    home.get_by_role("link", name="Add lead").first.click()
    expect(home.get_by_role("dialog")).to_be_visible()
    home.keyboard.press("Escape")
    expect(home.get_by_role("dialog")).to_be_hidden()
    home.wait_for_function("() => !(history.state && history.state.window)")
    home.go_back()
    expect(home.get_by_role("searchbox", name="Search customers")).to_be_visible()


def test_back_closes_a_window_over_a_list_that_was_searched(home: Page) -> None:
    home.get_by_role("searchbox", name="Search customers").fill("siti")
    expect(home).to_have_url(re.compile(r"q=siti"))
    expect(home.locator("table.list tbody tr")).to_have_count(1)
    window = window_of(home, "Siti Rahma")
    home.go_back()
    expect(window).to_be_hidden()
    expect(home).to_have_url(re.compile(r"q=siti"))
    expect(home.locator("table.list tbody tr")).to_have_count(1)


def test_rows_that_were_added_come_back(home: Page, running_app: RunningApp) -> None:
    home.goto(f"{running_app.url}/bookings")
    home.get_by_role("link", name="Add booking").first.click()
    window = home.get_by_role("dialog")
    window.locator("[name='persons-0-name']").fill("Rina")
    window.locator("button[name='add_person']").click()
    window.locator("[name='persons-1-name']").fill("Bima")
    window.locator("button[name='add_person']").click()
    window.locator("[name='persons-2-name']").fill("Citra")
    home.keyboard.press("Escape")
    expect(window).to_be_hidden()
    home.get_by_role("link", name="Add booking").first.click()
    expect(window.locator("[name='persons-2-name']")).to_have_value("Citra")
    expect(window.locator("[name='persons-1-name']")).to_have_value("Bima")
    expect(window.locator("[name='persons-0-name']")).to_have_value("Rina")
    window.get_by_role("button", name="Discard").click()
    expect(window.locator("[name='persons-1-name']")).to_have_count(0)
    expect(window.locator("[name='persons-0-name']")).to_have_value("")


def test_a_session_that_ends_while_somebody_types_loses_nothing(home: Page, app: Flask, cast: Cast) -> None:
    window = window_of(home, "Siti Rahma")
    text_in(window).fill(TEXT)
    _end_sessions(app)
    home.evaluate("htmx.trigger(document.body, 'customersChanged')")  # as the page asks by itself
    expect(home.get_by_role("button", name="Sign in")).to_be_visible()
    expect(home.get_by_text(KEPT)).to_be_visible()
    sign_in_again(home, cast)
    expect(text_in(window)).to_have_value(TEXT)
    expect(window.get_by_text("is back")).to_be_visible()


def test_a_page_that_is_sent_after_its_session_ended_loses_nothing(
    home: Page, running_app: RunningApp, app: Flask, cast: Cast
) -> None:
    home.goto(f"{running_app.url}/customers/new")
    home.get_by_label("Name", exact=True).fill("Rina Half Typed")
    _end_sessions(app)
    home.get_by_role("button", name="Save").click()
    expect(home.get_by_text(KEPT)).to_be_visible()
    sign_in_again(home, cast)
    expect(home.get_by_label("Name", exact=True)).to_have_value("Rina Half Typed")
    expect(home.get_by_text("is back")).to_be_visible()


def test_the_sign_in_page_speaks_of_kept_text_only_where_there_is_some(home: Page, app: Flask) -> None:
    _end_sessions(app)
    home.reload()
    expect(home.get_by_role("button", name="Sign in")).to_be_visible()
    expect(home.get_by_text(KEPT)).to_be_hidden()


def test_without_javascript_a_session_that_ended_loses_nothing(
    browser: Browser, running_app: RunningApp, app: Flask, cast: Cast
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/customers/new")
    page.get_by_label("Name", exact=True).fill('Rina "Half" Typed')
    page.get_by_text("Address, notes and more").click()
    page.get_by_label("Notes").fill("Likes durian\n\nand tea")
    _end_sessions(app)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(KEPT)).to_be_visible()
    sign_in_again(page, cast, "not the password")
    expect(page.get_by_text("There is a problem")).to_be_visible()
    expect(page.get_by_text(KEPT)).to_be_visible()
    sign_in_again(page, cast)
    page.get_by_role("button", name="Open what I typed").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value('Rina "Half" Typed')
    expect(page.get_by_label("Notes")).to_have_value("Likes durian\n\nand tea")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text('Rina "Half" Typed added.')).to_be_visible()
    context.close()


def test_a_text_is_never_shown_to_another_user(home: Page, app: Flask, cast: Cast) -> None:
    window = window_of(home, "Siti Rahma")
    text_in(window).fill(TEXT)
    home.keyboard.press("Escape")
    expect(window).to_be_hidden()
    home.context.clear_cookies()
    home.goto(home.url)
    sign_in(home, None, cast.owner)
    window_of(home, "Siti Rahma")
    expect(text_in(window)).to_have_value("")
    assert TEXT not in home.evaluate("JSON.stringify(sessionStorage)")


def test_a_page_that_is_left_offers_its_text_again(home: Page, running_app: RunningApp) -> None:
    home.goto(f"{running_app.url}/customers/new")
    home.get_by_label("Name", exact=True).fill("Rina Half Typed")
    home.goto(f"{running_app.url}/leads")
    home.goto(f"{running_app.url}/customers/new")
    expect(home.get_by_label("Name", exact=True)).to_have_value("Rina Half Typed")
    expect(home.get_by_text("is back")).to_be_visible()


def test_a_window_on_a_slow_network_has_its_title_at_once(home: Page) -> None:
    home.route("**/customers/new", lambda route: (home.wait_for_timeout(900), route.continue_()))
    home.get_by_role("link", name="Add").first.click()
    window = home.get_by_role("dialog", name="Add customer")
    expect(window.get_by_role("progressbar")).to_be_visible()
    expect(window.get_by_label("Name", exact=True)).to_be_focused()
    window.get_by_role("button", name="Save").click()
    expect(home).to_have_title(re.compile("^Error: Add customer"))
    home.keyboard.press("Escape")
    expect(home).to_have_title(re.compile("^Customers"))


def sign_in_again(page: Page, cast: Cast, password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(cast.staff.username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def _end_sessions(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(sa.delete(SignIn))


def test_the_number_of_a_test_message_is_kept_until_it_is_sent(page: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.owner.acting(), transaction():
        locked_organization().sms_gateway = "console"
    sign_in(page, running_app.url, cast.owner)
    settings = f"{running_app.url}/settings/messaging"
    number = page.locator("#test input[name=to]")
    page.goto(settings)
    number.fill("0812 3456 7890")
    page.goto(f"{running_app.url}/leads")
    page.goto(settings)
    expect(number).to_have_value("0812 3456 7890")
    page.get_by_role("button", name="Send test message").click()
    expect(page.get_by_text("Test message sent to")).to_be_visible()
    expect(number).to_have_value("")
    expect(page.get_by_text("is back")).to_have_count(0)
