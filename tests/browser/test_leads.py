"""A person at the counter: leads, what is due with them, and what came of it, in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import sign_in
from tests.factories import Cast, make_commitment, make_follow_up, make_lead
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def counter(page: Page, running_app: RunningApp, cast: Cast, app: Flask) -> Page:
    """The home page, with staff signed in, a follow-up with Siti that is due, and what Budi promised."""
    with cast.owner.acting():
        make_follow_up(make_lead(name="Siti Rahma", phone="0812-3456-7890"), note="Ask about Bali")
        make_commitment(make_lead(name="Budi Santoso"))
    sign_in(page, running_app.url, cast.staff)
    return page


@pytest.fixture
def phone(browser: Browser, running_app: RunningApp, cast: Cast, app: Flask) -> Iterator[Page]:
    """The leads on a phone, with Wulan among them."""
    with cast.owner.acting():
        make_lead(name="Wulan Sari")
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/leads")
    yield page
    context.close()


def test_what_is_due_is_done_from_the_home_page_and_taken_back(counter: Page) -> None:
    due = counter.get_by_role("region", name="Due reminders")
    expect(due.get_by_role("listitem")).to_have_count(2)
    expect(due.get_by_text("Ask about Bali")).to_be_visible()
    due.get_by_role("button", name="Mark as done the follow-up with Siti Rahma").press("Enter")
    expect(due.get_by_role("listitem")).to_have_count(1)
    counter.get_by_role("status").get_by_role("button", name="Undo").press("Enter")
    expect(due.get_by_text("Ask about Bali")).to_be_visible()
    due.get_by_role("button", name="Paid by Budi Santoso").click()
    expect(due.get_by_role("listitem")).to_have_count(1)


def test_a_change_while_the_page_is_just_being_refreshed_is_shown_too(counter: Page, cast: Cast) -> None:
    due = counter.get_by_role("region", name="Due reminders")
    expect(due.get_by_role("listitem")).to_have_count(2)
    counter.evaluate(
        """() => document.addEventListener("htmx:afterSwap",
            () => document.body.dispatchEvent(new Event("customersChanged")), {once: true})"""
    )
    urls: list[str] = []
    counter.on("response", lambda response: urls.append(response.url))
    with cast.owner.acting():
        make_commitment(make_lead(name="Ayu Lestari"))
    with counter.expect_event("response", lambda response: sum("seen=" in url for url in urls) == 2):
        counter.evaluate("document.body.dispatchEvent(new Event('customersChanged'))")
    expect(due.get_by_role("listitem")).to_have_count(3)


def test_a_lead_is_added_followed_up_and_converted_by_keys_alone(counter: Page) -> None:
    counter.get_by_role("navigation", name="Main").get_by_role("link", name="Leads").press("Enter")
    search = counter.get_by_role("searchbox", name="Search leads")
    search.press_sequentially("siti")
    expect(counter.get_by_role("row", name="Budi Santoso")).to_have_count(0)
    expect(search).to_be_focused()
    expect(counter).to_have_url(re.compile(r"/leads\?q=siti"))
    search.fill("")
    expect(counter.get_by_role("row", name="Budi Santoso")).to_be_visible()

    counter.get_by_role("link", name="Add lead").press("Enter")
    window = counter.get_by_role("dialog", name="Add lead")
    expect(window.get_by_label("Name")).to_be_focused()
    counter.keyboard.press("Enter")
    expect(window.get_by_role("alert", name="There is a problem")).to_be_focused()
    window.get_by_label("Name").fill("Ani")
    counter.keyboard.press("Enter")
    expect(window).to_be_hidden()
    expect(counter.get_by_role("row", name="Ani")).to_be_visible()

    counter.get_by_role("row", name="Siti Rahma").get_by_role("link", name="Siti Rahma", exact=True).press("Enter")
    done = counter.get_by_role("link", name=re.compile("Mark as done"))
    done.press("Enter")
    window = counter.get_by_role("dialog", name="Follow-up with Siti Rahma")
    window.get_by_label("How did it go?").fill("Wants dates")
    window.get_by_role("radio", name="In 3 days").press("Space")
    window.get_by_role("button", name="Mark as done").press("Enter")
    follow_ups = counter.get_by_role("region", name="Follow-ups")
    expect(follow_ups.get_by_text("Wants dates")).to_be_visible()
    expect(follow_ups.get_by_role("listitem")).to_have_count(2)
    expect(counter.get_by_role("region", name="Lead").get_by_text("Contacted")).to_be_visible()
    assert counter.evaluate("document.activeElement !== document.body")

    counter.get_by_role("button", name="Mark as won").press("Enter")
    expect(counter.get_by_role("region", name="Lead").get_by_text("Won").first).to_be_visible()
    expect(counter.get_by_role("button", name="Mark as won")).to_have_count(0)


def test_a_follow_up_is_planned_with_three_taps_on_a_phone(phone: Page) -> None:
    phone.get_by_role("link", name="Wulan Sari").tap()
    phone.get_by_role("link", name="Plan follow-up").tap()
    window = phone.get_by_role("dialog", name="Plan a follow-up with Wulan Sari")
    expect(window.get_by_label("Date and time")).to_be_hidden()
    window.get_by_text("In 3 days").tap()
    window.get_by_role("button", name="Plan follow-up").tap()
    expect(window).to_be_hidden()
    expect(phone.get_by_role("region", name="Follow-ups").get_by_role("listitem")).to_have_count(1)


def test_a_lead_is_moved_on_the_board_with_the_keyboard(counter: Page, running_app: RunningApp) -> None:
    counter.goto(f"{running_app.url}/leads?view=board")
    new, contacted = (counter.get_by_role("region", name=name) for name in ("New", "Contacted"))
    new.get_by_text("Move Siti Rahma").or_(new.get_by_label("Move Siti Rahma")).first.press("Enter")
    new.get_by_role("button", name="Move to Contacted").press("Enter")
    expect(contacted.get_by_role("link", name="Siti Rahma")).to_be_visible()
    counter.get_by_role("status").get_by_role("button", name="Undo").press("Enter")
    expect(new.get_by_role("link", name="Siti Rahma")).to_be_visible()
