"""Keys and the search over everything, as somebody without a mouse uses them."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from playwright.sync_api import Page, expect

from crm.values import clock
from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.factories import Cast, make_commitment, make_customer, make_lead, make_message
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def home(page: Page, running_app: RunningApp, cast: Cast) -> Page:
    """The home page with three customers, nothing in focus."""
    with cast.owner.acting():
        for name in ("Siti Rahma", "Budi Santoso", "Ani Wijaya"):
            make_customer(name=name)
        make_lead(name="Calon Bali")
    sign_in(page, running_app.url, cast.owner)
    return page


def press(page: Page, key: str, code: str, **more: object) -> None:
    """Press a key of another layout or input method."""
    event = json.dumps({"key": key, "code": code, "bubbles": True, "cancelable": True, **more})
    page.evaluate(f"document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {event}))")


def test_single_keys_lead_everywhere(home: Page) -> None:
    home.keyboard.press("/")
    expect(home.get_by_role("searchbox", name="Search customers")).to_be_focused()
    home.keyboard.type("n/gm?")
    expect(home.get_by_role("searchbox", name="Search customers")).to_have_value("n/gm?")
    expect(home.get_by_role("dialog")).to_be_hidden()
    home.get_by_role("searchbox", name="Search customers").fill("")
    home.get_by_role("searchbox", name="Search customers").blur()
    home.keyboard.press("n")
    expect(home.get_by_role("dialog")).to_contain_text("Add customer")
    home.keyboard.press("Escape")
    expect(home.get_by_role("dialog")).to_be_hidden()
    home.keyboard.press("g")
    home.keyboard.press("l")
    expect(home).to_have_url(re.compile("/leads$"))
    home.keyboard.press("?")
    expect(home.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    assert violations(home) == []


def test_rows_are_walked_selected_and_edited(home: Page) -> None:
    rows = home.locator("table.list tbody tr")
    home.keyboard.press("j")
    home.keyboard.press("j")
    home.keyboard.press("x")
    expect(rows.nth(1).get_by_role("checkbox")).to_be_checked()
    home.keyboard.press("k")
    expect(rows.nth(0).get_by_role("link").first).to_be_focused()
    home.keyboard.press("e")
    expect(home.get_by_role("dialog").get_by_label("Name", exact=True)).not_to_have_value("")
    home.get_by_role("dialog").get_by_label("City").fill("Bandung")
    home.keyboard.press("Control+Enter")
    expect(home.get_by_role("dialog")).to_be_hidden()
    expect(rows.first).to_contain_text("Bandung")


def test_a_row_without_a_box_selects_nothing(home: Page, cast: Cast) -> None:
    with cast.owner.acting():
        make_message(status="reminder", send_at=clock.utcnow() - dt.timedelta(hours=1))
    home.reload()
    home.locator("main .reminder a").first.focus()
    home.keyboard.press("x")
    expect(home.locator("input[name=ids]:checked")).to_have_count(0)
    home.keyboard.press("?")
    expect(home.get_by_role("dialog")).to_contain_text("Select the row, where it has a box")


def test_a_row_without_a_form_is_opened_and_no_other_one_edited(home: Page, cast: Cast) -> None:
    with cast.owner.acting():
        make_commitment(make_lead(name="Promised"), promised_date=dt.date(2026, 1, 2))
        make_message(customer_id=make_customer(name="Due One"), status="reminder", send_at=clock.utcnow())
    home.reload()
    home.locator(".reminder", has_text="Payment promise").get_by_role("link").first.focus()
    home.keyboard.press("e")
    expect(home.get_by_role("heading", level=1)).to_have_text("Promised")


def test_who_leaves_the_list_leaves_its_selection(home: Page) -> None:
    bar = home.get_by_role("form", name="Selected customers")
    home.get_by_label("Select Budi Santoso").check()
    expect(bar).to_contain_text("1 selected")
    home.reload()
    expect(bar).to_contain_text("1 selected")
    home.goto(f"{home.url}leads")
    home.goto(home.url.removesuffix("leads"))
    expect(home.get_by_label("Select Budi Santoso")).not_to_be_checked()
    expect(bar).to_be_hidden()


def test_keys_go_by_letter_or_else_by_place(home: Page) -> None:
    press(home, "ى", "KeyN")
    expect(home.get_by_role("dialog")).to_contain_text("Add customer")
    home.keyboard.press("Escape")
    expect(home.get_by_role("dialog")).to_be_hidden()
    for more in ({"ctrlKey": True}, {"altKey": True}, {"metaKey": True}, {"isComposing": True}, {"repeat": True}):
        press(home, "n", "KeyN", **more)
    press(home, "b", "KeyN")
    home.wait_for_timeout(300)
    expect(home.get_by_role("dialog")).to_be_hidden()
    press(home, "؟", "Slash", shiftKey=True)
    expect(home.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")


def test_the_palette_finds_and_opens(home: Page) -> None:
    opener = home.get_by_role("button", name="Search")
    opener.focus()
    home.keyboard.press("Control+k")
    box = home.get_by_role("combobox", name="Search everything")
    expect(box).to_be_focused()
    expect(home.get_by_role("option", name="Add customer")).to_have_attribute("aria-selected", "true")
    assert violations(home) == []
    box.fill("siti")
    first = home.get_by_role("option", name="Siti Rahma")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", str(first.get_attribute("id")))
    expect(home.locator("#palette-live")).to_have_text("1 result")
    home.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(opener).to_be_focused()
    home.keyboard.press("Control+k")
    box.fill("siti")
    home.keyboard.press("Enter")
    expect(home.get_by_role("heading", level=1)).to_have_text("Siti Rahma")


def test_without_a_network_the_palette_says_so(home: Page) -> None:
    home.keyboard.press("Control+k")
    expect(home.get_by_role("option", name="Add customer")).to_be_visible()
    home.route("**/palette*", lambda route: route.abort())
    home.get_by_role("combobox", name="Search everything").fill("siti")
    expect(home.locator("#palette").get_by_role("alert")).to_contain_text("Could not reach the server.")
    home.unroute("**/palette*")
    home.get_by_role("combobox", name="Search everything").fill("siti r")
    expect(home.get_by_role("option", name="Siti Rahma")).to_be_visible()
    expect(home.locator("#palette").get_by_role("alert")).to_have_text("")


def test_a_window_and_a_post_are_started_from_it(home: Page) -> None:
    home.get_by_role("button", name="Search").click()
    box = home.get_by_role("combobox", name="Search everything")
    box.fill("add lead")
    home.keyboard.press("Enter")
    expect(home.get_by_role("dialog", name="Add lead")).to_be_visible()
    home.keyboard.press("Escape")
    expect(home.get_by_role("button", name="Search")).to_be_focused()
    home.keyboard.press("Control+k")
    box.fill("sign out")
    home.keyboard.press("Enter")
    expect(home.get_by_role("button", name="Sign in")).to_be_visible()
