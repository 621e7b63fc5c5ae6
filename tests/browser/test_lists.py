"""Lists in the browser: what was searched is in sight, said, and opened by a tap; done steps on to the next."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from crm.accounts.models import Branch
from crm.kernel.extensions import db
from crm.values import clock
from tests.browser.steps import sign_in
from tests.factories import (
    Cast,
    make_area_customer,
    make_booking,
    make_branch,
    make_customer,
    make_lead,
    make_message,
    make_template,
)
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LONG = "Wolfeschlegelsteinhausenbergerdorff" * 4


@pytest.fixture
def counter(page: Page, running_app: RunningApp, cast: Cast) -> Page:
    """The home page, with staff signed in, thirty customers and seven due reminders."""
    with cast.staff.acting():
        for number in range(29):
            customer_id = make_customer(name=f"Customer {number:02}", phone=f"0813-0000-00{number:02}")
            if number < 7:
                due = clock.utcnow() - dt.timedelta(hours=10 - number)
                make_message(customer_id=customer_id, channel="whatsapp", status="reminder", send_at=due)
        make_customer(name="Siti Rahma", phone="0812-3456-7890")
    sign_in(page, running_app.url, cast.staff)
    return page


def top_of(page: Page, row: str) -> float:
    box = page.get_by_role("row", name=row).bounding_box()
    assert box
    return box["y"]


def test_on_a_phone_the_first_match_is_in_sight_and_a_tap_on_its_row_opens_it(counter: Page) -> None:
    counter.set_viewport_size({"width": 360, "height": 740})
    box = counter.get_by_role("searchbox", name="Search customers")
    box.fill("siti")
    row = counter.get_by_role("row", name="Siti Rahma")
    expect(row).to_be_visible()
    expect(counter.get_by_role("row", name="Customer 03")).to_have_count(0)
    assert top_of(counter, "Siti Rahma") < 300
    expect(counter.get_by_text("7 reminders due")).to_be_visible()
    expect(counter.get_by_role("region", name="Due reminders")).to_be_hidden()

    box.fill("")
    expect(counter.get_by_role("region", name="Due reminders")).to_be_visible()
    expect(counter.get_by_role("list", name="Figures")).to_be_visible()

    box.fill("siti")
    expect(counter.get_by_role("row", name="Customer 03")).to_have_count(0)
    row.click(position={"x": 220, "y": 40})
    expect(counter.get_by_role("heading", name="Siti Rahma", level=1)).to_be_visible()


def test_on_a_phone_nothing_lies_above_the_sheet_of_a_rows_menu(counter: Page) -> None:
    counter.set_viewport_size({"width": 360, "height": 740})
    row = counter.get_by_role("row", name="Customer 03")
    row.locator(".row-menu > summary").click()
    covered = row.locator(".menu-list").evaluate("""sheet => {
        const { left, right, top, bottom } = sheet.getBoundingClientRect();
        const found = [];
        for (let x = left + 4; x < right; x += 16) {
            for (let y = top + 20; y < bottom; y += 12) {
                const top = document.elementFromPoint(x, y);
                if (!sheet.contains(top)) found.push(top.outerHTML.slice(0, 80));
            }
        }
        return found;
    }""")
    assert covered == []


def test_a_tap_on_box_number_or_menu_is_none_on_the_row(counter: Page) -> None:
    counter.set_viewport_size({"width": 360, "height": 740})
    counter.goto(f"{counter.url}?q=siti")
    row = counter.get_by_role("row", name="Siti Rahma")
    row.get_by_role("checkbox").check()
    row.locator("summary").click()
    expect(row.get_by_role("link", name="Edit", exact=True)).to_be_visible()
    counter.keyboard.press("Escape")
    number = row.get_by_role("link", name="0812-3456-7890")
    assert number.evaluate(
        "link => { const box = link.getBoundingClientRect();"
        "  return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === link }"
    )
    expect(counter).to_have_url(re.compile(r"q=siti"))


def test_every_list_opens_by_a_tap_on_its_row(page: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        for make in (make_lead, make_booking, make_area_customer, make_message, make_template, make_branch):
            make()
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, running_app.url, cast.owner)
    settings = ("/settings/templates", "/settings/users", "/settings/branches")
    for path in ("/", "/messages", "/leads", "/bookings", "/area-customers", *settings):
        page.goto(f"{running_app.url}{path}")
        row = page.locator(".list tbody tr").first
        row.scroll_into_view_if_needed()
        assert row.evaluate(
            "row => { const box = row.getBoundingClientRect();"
            "  const hit = document.elementFromPoint(box.left + box.width * .7, box.bottom - 5);"
            "  return row.querySelector('.cell-name a') === hit }"
        ), path


def test_a_page_that_began_with_a_search_shows_everything_once_it_is_cleared(counter: Page) -> None:
    counter.goto(f"{counter.url}?q=siti")
    expect(counter.get_by_role("region", name="Due reminders")).to_have_count(0)
    counter.get_by_role("searchbox", name="Search customers").fill("")
    expect(counter.get_by_role("region", name="Due reminders")).to_be_visible()
    expect(counter.get_by_role("list", name="Figures")).to_be_visible()


def test_what_was_found_is_said(counter: Page) -> None:
    said = counter.locator("#main > p[aria-live]:not([data-selected-live])")
    box = counter.get_by_role("searchbox", name="Search customers")
    box.fill("customer")
    expect(said).to_have_text("29 customers found")
    box.fill("siti")
    expect(said).to_have_text("1 customer found")
    box.fill("zzz")
    expect(said).to_have_text("Nobody matches “zzz”")
    expect(counter.locator("#results")).not_to_have_attribute("aria-busy", "true")


def test_the_board_says_how_many_leads_were_found(counter: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.staff.acting():
        for name in ("Rina", "Rini", "Budi"):
            make_lead(name=name)
    counter.goto(f"{running_app.url}/leads?view=board")
    counter.get_by_role("searchbox", name="Search leads").fill("rin")
    expect(counter.locator("#main > p[aria-live]")).to_have_text("2 found")


def test_a_head_sorts_in_place_and_keeps_focus(counter: Page) -> None:
    counter.evaluate("window.stayed = true")
    head = counter.get_by_role("columnheader", name="Name")
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(counter.locator("tbody tr").first).to_contain_text("Customer 00")
    expect(head.get_by_role("button")).to_be_focused()
    expect(counter).to_have_url(re.compile(r"/\?sort=name$"))
    counter.get_by_role("columnheader", name="Next message").get_by_role("button").press("Enter")
    expect(counter).to_have_url(re.compile(r"/$"))
    assert counter.evaluate("window.stayed"), "the page is never loaded again"


def test_done_leads_to_the_next_reminder(counter: Page) -> None:
    for name, following in (("Customer 01", "Customer 02"), ("Customer 02", "Customer 03")):
        counter.get_by_role("button", name=f"Mark as done for {name}").press("Enter")
        expect(counter.get_by_role("button", name=f"Mark as done for {name}")).to_have_count(0)
        expect(counter.get_by_role("button", name=f"Mark as done for {following}")).to_be_focused()


def test_next_lands_on_the_list(counter: Page) -> None:
    counter.goto(f"{counter.url}?per_page=25&sort=name")
    counter.get_by_role("link", name="Next", exact=True).click()
    expect(counter.get_by_role("row", name="Customer 28")).to_be_in_viewport()
    counter.get_by_role("link", name="Page back").click()
    expect(counter.get_by_role("row", name="Customer 00")).to_be_in_viewport()


def test_the_bulk_bar_is_in_sight_wherever_one_selects(counter: Page) -> None:
    bar = counter.get_by_role("form", name="Selected customers")
    counter.get_by_label("Select Customer 20").check()
    expect(bar.get_by_role("button", name="Deactivate")).to_be_in_viewport()
    expect(bar.get_by_role("button", name="Compare / merge")).to_be_hidden()
    counter.get_by_label("Select Customer 21").check()
    expect(bar.get_by_role("button", name="Compare / merge")).to_be_in_viewport()


def test_selected_customers_are_moved_by_keys_archived_and_put_back(counter: Page, cast: Cast) -> None:
    with cast.staff.acting():
        make_branch(name="Kemang")
        make_branch(name="Depok")
    counter.set_viewport_size({"width": 360, "height": 740})
    counter.goto(f"{counter.url}?sort=name")
    for name in ("Customer 20", "Customer 21"):
        counter.get_by_label(f"Select {name}").check()
    bar = counter.get_by_role("form", name="Selected customers")
    expect(bar).to_contain_text("2 selected")
    assert counter.evaluate("document.documentElement.scrollWidth") <= 360
    opener = bar.locator("summary")
    opener.press("Enter")
    opener.press("ArrowDown")
    expect(bar.get_by_role("button", name="Depok")).to_be_focused()
    expect(bar.get_by_role("button", name="No branch")).to_be_in_viewport()
    counter.keyboard.press("ArrowDown")
    counter.keyboard.press("Enter")
    said = counter.get_by_role("status")
    expect(said).to_contain_text("2 customers moved to Kemang.")

    counter.goto(f"{counter.url}&branch={branch_called(cast, 'Kemang')}")
    expect(counter.get_by_role("row", name="Customer 2")).to_have_count(2)
    counter.get_by_label("Select Customer 21").check()
    bar.get_by_role("button", name="Archive").click()
    expect(said).to_contain_text("1 customer archived.")
    expect(counter.get_by_role("row", name="Customer 21")).to_have_count(0)
    said.get_by_role("button", name="Undo").last.click()
    expect(counter.get_by_role("row", name="Customer 21")).to_be_visible()
    expect(said).to_contain_text("1 customer put back.")


def branch_called(cast: Cast, name: str) -> int:
    with cast.staff.acting():
        return db.session.scalars(sa.select(Branch.id).where(Branch.name == name)).one()


def test_long_words_stay_within_a_narrow_page(counter: Page, cast: Cast) -> None:
    with cast.staff.acting():
        customer_id = make_customer(name=LONG, city=LONG[:100])
    home = counter.url
    for width in (320, 1280):
        counter.set_viewport_size({"width": width, "height": 640})
        for path in (f"?q={LONG}", f"?q={LONG}x", f"?city={LONG[:100]}", f"customers/{customer_id}/points/new"):
            counter.goto(f"{home}{path}")
            assert counter.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
