"""A person at the counter: finding, adding and changing customers in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from crm.intake.upsert import upsert
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer
from tests.intake.people import intake
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def counter(page: Page, running_app: RunningApp, cast: Cast) -> Page:
    """The home page, with staff signed in and three customers."""
    with cast.staff.acting():
        for name, phone in (("Siti Rahma", "0812-3456-7890"), ("José Fernández", "+34 612 345 678"), ("Budi", "")):
            make_customer(name=name, phone=phone)
    sign_in(page, running_app.url, cast.staff)
    return page


def test_search_narrows_while_typing_and_keeps_focus_caret_and_url(counter: Page) -> None:
    counter.evaluate("window.stayed = true")
    box = counter.get_by_role("searchbox", name="Search customers")
    box.click()
    counter.keyboard.type("0812 345")

    expect(counter.get_by_role("row", name="Siti Rahma")).to_be_visible()
    expect(counter.get_by_role("row", name="Budi")).to_have_count(0)
    expect(box).to_be_focused()
    assert counter.evaluate("document.activeElement.selectionStart") == len("0812 345")
    expect(counter).to_have_url(re.compile(r"q=0812(\+|%20)345"))
    assert counter.evaluate("window.stayed"), "the page is never loaded again"

    box.fill("jose")
    expect(counter.get_by_role("row", name="José Fernández")).to_be_visible()
    counter.reload()
    expect(box).to_have_value("jose")
    expect(counter.get_by_role("row", name="José Fernández")).to_be_visible()


def test_nobody_found_offers_to_add_them(counter: Page) -> None:
    counter.get_by_role("searchbox", name="Search customers").fill("Wulan")
    expect(counter.get_by_role("heading", name="Nobody matches “Wulan”")).to_be_visible()

    counter.get_by_role("link", name="Add “Wulan”").click()

    expect(counter.get_by_role("dialog").get_by_label("Name", exact=True)).to_have_value("Wulan")


def test_a_slow_older_answer_never_replaces_a_newer_one(counter: Page) -> None:
    def slowly(route: object) -> None:
        counter.wait_for_timeout(800)
        route.continue_()  # type: ignore[attr-defined]

    counter.route(re.compile(r"q=si(&|$)"), slowly)
    box = counter.get_by_role("searchbox", name="Search customers")
    box.fill("si")
    counter.wait_for_timeout(300)
    box.fill("budi")

    expect(counter.get_by_role("row", name="Budi")).to_be_visible()
    counter.wait_for_timeout(1_000)
    expect(counter.get_by_role("row", name="Siti Rahma")).to_have_count(0)
    expect(counter.get_by_role("row", name="Budi")).to_be_visible()


def test_back_restores_filters_and_rows(counter: Page) -> None:
    box = counter.get_by_role("searchbox", name="Search customers")
    box.fill("siti")
    expect(counter.get_by_role("row", name="Budi")).to_have_count(0)
    counter.get_by_role("link", name="Siti Rahma", exact=True).click()
    expect(counter.get_by_role("heading", name="Siti Rahma", level=1)).to_be_visible()

    counter.go_back()

    expect(counter.get_by_role("banner")).to_be_visible()
    expect(box).to_have_value("siti")
    expect(counter.get_by_role("row", name="Siti Rahma")).to_be_visible()
    expect(counter.get_by_role("row", name="Budi")).to_have_count(0)


def test_add_by_keyboard_alone_in_six_stops(counter: Page) -> None:
    add = counter.get_by_role("link", name="Add customer")
    add.focus()
    counter.keyboard.press("Enter")
    dialog = counter.get_by_role("dialog", name="Add customer")
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()
    counter.keyboard.type("Wulan Sari")
    counter.keyboard.press("Tab")
    counter.keyboard.type("0857 1234 5678")
    counter.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    expect(counter.get_by_role("status")).to_contain_text("Wulan Sari added.")
    expect(counter.get_by_role("row", name="Wulan Sari")).to_contain_text("0857-1234-5678")
    expect(add).to_be_focused()


def test_the_window_keeps_focus_closes_by_escape_and_gives_it_back(counter: Page) -> None:
    add = counter.get_by_role("link", name="Add customer")
    add.click()
    dialog = counter.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(20):
        counter.keyboard.press("Tab")
        assert counter.evaluate("document.getElementById('dialog').contains(document.activeElement)")
    counter.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(add).to_be_focused()


def test_errors_stand_in_the_window_and_nothing_typed_is_lost(counter: Page) -> None:
    counter.get_by_role("link", name="Add customer").click()
    dialog = counter.get_by_role("dialog")
    dialog.get_by_label("Phone").fill("0812-3456-7890")
    dialog.get_by_role("button", name="Save customer").click()

    expect(dialog.get_by_role("alert").filter(has_text="There is a problem")).to_be_focused()
    expect(dialog.get_by_label("Phone")).to_have_value("0812-3456-7890")
    dialog.get_by_role("link", name="Enter the customer's name.").click()
    expect(dialog.get_by_label("Name", exact=True)).to_be_focused()

    dialog.get_by_label("Name", exact=True).fill("Her daughter")
    dialog.get_by_role("button", name="Save customer").click()
    expect(dialog).to_contain_text("Siti Rahma already has this number.")
    expect(dialog.get_by_role("link", name="Open Siti Rahma").first).to_be_visible()
    expect(dialog.locator(".btn-primary")).to_have_text("Open Siti Rahma")
    dialog.get_by_role("button", name="Save as a new person").click()
    expect(counter.get_by_role("row", name="Her daughter")).to_be_visible()


def test_whose_number_it_is_is_said_while_the_form_is_filled_in(counter: Page) -> None:
    counter.get_by_role("link", name="Add customer").click()
    dialog = counter.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Her daughter")
    dialog.get_by_label("Phone").fill("+62 812 3456 7890")
    dialog.get_by_role("textbox", name="E-mail").focus()

    expect(dialog.get_by_text("Siti Rahma already has this number.")).to_be_visible()
    dialog.get_by_label("Phone").fill("0812-3456-7899")
    dialog.get_by_role("textbox", name="E-mail").focus()
    expect(dialog.get_by_text("Siti Rahma already has this number.")).to_be_hidden()
    dialog.get_by_label("Phone").fill("+62 812 3456 7890")
    dialog.get_by_role("textbox", name="E-mail").focus()
    dialog.get_by_role("link", name="Open Siti Rahma").click()
    expect(counter.get_by_role("heading", name="Siti Rahma", level=1)).to_be_visible()


def test_double_enter_saves_once(counter: Page) -> None:
    counter.get_by_role("link", name="Add customer").click()
    counter.get_by_role("dialog").get_by_label("Name", exact=True).fill("Wulan")
    counter.keyboard.press("Enter")
    counter.keyboard.press("Enter")

    expect(counter.get_by_role("row", name="Wulan")).to_have_count(1)
    counter.reload()
    expect(counter.get_by_role("row", name="Wulan")).to_have_count(1)


def test_edit_over_the_list_changes_the_row(counter: Page) -> None:
    row = counter.get_by_role("row", name="Siti Rahma")
    row.hover()
    row.get_by_role("link", name="Edit Siti Rahma").click()
    counter.get_by_role("dialog").get_by_label("Name", exact=True).fill("Siti Nurhaliza")
    counter.get_by_role("button", name="Save customer").click()

    expect(counter.get_by_role("row", name="Siti Nurhaliza")).to_be_visible()
    expect(counter.get_by_role("row", name="Siti Rahma")).to_have_count(0)


def test_delete_asks_and_deletes(counter: Page, cast: Cast, running_app: RunningApp) -> None:
    counter.get_by_role("button", name=re.compile("Ayu|staff")).first.or_(
        counter.locator(".header-user summary")
    ).first.click()
    counter.get_by_role("button", name="Sign out").first.click()
    sign_in(counter, running_app.url, cast.manager)
    row = counter.get_by_role("row", name="Budi")
    row.locator("summary").click()
    row.get_by_role("link", name="Delete").click()
    dialog = counter.get_by_role("dialog", name="Delete Budi for good?")
    dialog.get_by_role("button", name="Delete customer").click()

    expect(dialog).to_be_hidden()
    expect(counter.get_by_role("row", name="Budi")).to_have_count(0)
    expect(counter.get_by_role("row", name="Siti Rahma")).to_be_visible()


def test_bulk_deactivate_the_selected_and_undo(counter: Page) -> None:
    counter.get_by_label("Select Budi").check()
    counter.get_by_label("Select Siti Rahma").check()
    counter.get_by_role("button", name="Deactivate").click()

    expect(counter.get_by_role("status")).to_contain_text("2 customers deactivated")
    expect(counter.get_by_role("row", name="Budi")).to_contain_text("Inactive")
    counter.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(counter.get_by_role("row", name="Budi")).not_to_contain_text("Inactive")


def test_an_expired_session_leads_to_sign_in_and_back_with_the_typed_text(counter: Page, cast: Cast) -> None:
    counter.get_by_role("link", name="Add customer").click()
    counter.get_by_role("dialog").get_by_label("Name", exact=True).fill("Half-typed")
    counter.context.clear_cookies()
    counter.get_by_role("button", name="Save customer").click()

    expect(counter).to_have_url(re.compile("/login"))
    sign_in(counter, None, cast.staff)
    expect(counter.get_by_role("dialog").get_by_label("Name", exact=True)).to_have_value("Half-typed")


@pytest.mark.parametrize("width", [320, 360, 412])
def test_a_phone_scrolls_one_way_only(counter: Page, width: int) -> None:
    counter.set_viewport_size({"width": width, "height": 740})
    for path in ("/", "/customers/1", "/customers/1/edit", "/?q=zzz"):
        counter.goto(counter.url.split("/", 3)[0] + "//" + counter.url.split("/", 3)[2] + path)
        assert counter.evaluate("document.documentElement.scrollWidth") <= width, path


def test_edit_on_the_customers_page_changes_it_in_place(counter: Page) -> None:
    counter.get_by_role("link", name="Siti Rahma", exact=True).click()
    expect(counter.get_by_role("heading", name="Siti Rahma")).to_be_visible()
    counter.evaluate("window.stayed = true")
    counter.get_by_role("link", name="Edit", exact=True).click()
    dialog = counter.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Siti Nurhaliza")
    dialog.get_by_label("City").fill("Bandung")
    dialog.get_by_role("button", name="Save customer").click()

    expect(counter.get_by_role("heading", name="Siti Nurhaliza", level=1)).to_be_visible()
    expect(counter.get_by_role("region", name="Profile")).to_contain_text("Bandung")
    assert counter.evaluate("window.stayed")


def test_all_that_match_but_two_are_deactivated_and_put_back(counter: Page, cast: Cast) -> None:
    with cast.staff.acting():
        for number in range(30):
            make_customer(name=f"Bandung {number:02}", city="Bandung")
    counter.goto(f"{address(counter)}/?city=Bandung&per_page=25&sort=name")
    bar = counter.get_by_role("form", name="Selected customers")
    expect(bar).to_be_hidden()

    counter.get_by_label("Select all on this page").check()
    expect(bar).to_contain_text("25 selected")
    bar.get_by_role("button", name="Select all 30").click()
    expect(bar).to_contain_text("All 30 selected")
    expect(counter.locator("[data-selected-live]")).to_have_text("All 30 selected")
    counter.get_by_label("Select Bandung 03").uncheck()
    counter.get_by_role("link", name="Next").click()
    expect(bar).to_contain_text("29 selected, all but 1")
    counter.get_by_label("Select Bandung 28").uncheck()
    expect(bar).to_contain_text("28 selected, all but 2")
    bar.get_by_role("button", name="Deactivate").click()

    expect(counter.get_by_role("status")).to_contain_text("28 customers deactivated.")
    expect(bar).to_be_hidden()
    expect(counter.get_by_role("row", name="Bandung 29")).to_contain_text("Inactive")
    expect(counter.get_by_role("row", name="Bandung 28")).not_to_contain_text("Inactive")
    counter.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(counter.get_by_role("status")).to_contain_text("28 customers put back.")
    expect(counter.get_by_role("row", name="Bandung 29")).not_to_contain_text("Inactive")


def test_single_customers_stay_selected_over_pages_and_searches_end_that(counter: Page, cast: Cast) -> None:
    with cast.staff.acting():
        for number in range(30):
            make_customer(name=f"Customer {number:02}")
    counter.goto(f"{address(counter)}/?per_page=25&sort=name")
    bar = counter.get_by_role("form", name="Selected customers")
    counter.get_by_label("Select Budi").check()
    counter.get_by_role("link", name="Next").click()
    expect(bar).to_contain_text("1 selected")
    counter.get_by_label("Select Siti Rahma").check()
    expect(bar).to_contain_text("2 selected")
    counter.get_by_role("searchbox", name="Search customers").fill("customer")
    expect(bar).to_be_hidden()
    counter.get_by_label("Select Customer 07").focus()
    counter.keyboard.press("Space")
    expect(bar).to_contain_text("1 selected")
    bar.get_by_role("button", name="Clear selection").click()
    expect(bar).to_be_hidden()


def test_a_filter_is_taken_off_by_its_chip_and_more_of_them_are_in_a_window(counter: Page, cast: Cast) -> None:
    with cast.staff.acting():
        make_customer(name="Ani", city="Bandung", province="Jawa Barat")
        make_customer(name="Dewi", city="Cimahi", province="Jawa Barat")
    counter.reload()
    counter.evaluate("window.stayed = true")
    counter.get_by_text("More", exact=True).click()
    counter.get_by_label("Province").fill("jawa barat")
    counter.keyboard.press("Tab")
    expect(counter.get_by_role("row", name="Budi")).to_have_count(0)
    counter.get_by_label("Province").press("Escape")
    expect(counter.get_by_label("Province")).to_be_hidden()
    expect(counter.get_by_text("More", exact=True)).to_be_focused()
    counter.get_by_label("City").fill("Bandung")
    counter.keyboard.press("Tab")
    expect(counter.get_by_role("row", name="Dewi")).to_have_count(0)

    counter.get_by_role("list", name="Filters").get_by_role("link", name="City").click()

    expect(counter.get_by_role("row", name="Dewi")).to_be_visible()
    expect(counter.get_by_label("City")).to_have_value("")
    expect(counter.get_by_role("row", name="Budi")).to_have_count(0)
    assert counter.evaluate("window.stayed")
    assert counter.evaluate("document.activeElement !== document.body")
    expect(counter).to_have_url(re.compile(r"/\?province=jawa(\+|%20)barat$"))


def address(page: Page) -> str:
    return "/".join(page.url.split("/", 3)[:3])


def test_a_further_number_becomes_the_main_one_and_the_other_is_removed(counter: Page, cast: Cast) -> None:
    with cast.owner.acting():
        upsert(intake("Siti Rahma", "0812-3456-7890", "siti@home.example"))
        upsert(intake("Siti Rahma", "0813-1111-2222", "siti@home.example"))
    counter.get_by_role("link", name="Siti Rahma", exact=True).click()
    profile = counter.get_by_role("region", name="Profile")
    expect(profile).to_be_visible()
    counter.evaluate("window.stayed = true")

    profile.get_by_role("button", name="Make it the main one 0813-1111-2222").click()

    expect(counter.get_by_text("0813-1111-2222 is now the main one for Siti Rahma.")).to_be_visible()
    whatsapp = counter.get_by_role("main").get_by_role("link", name="WhatsApp", exact=True)
    expect(whatsapp).to_have_attribute("href", re.compile("6281311112222"))

    profile.get_by_role("button", name="Remove 0812-3456-7890").press("Enter")

    expect(counter.get_by_text("0812-3456-7890 removed from Siti Rahma.")).to_be_visible()
    expect(profile.get_by_text("0812-3456-7890")).to_have_count(0)
    expect(profile.get_by_text("Main", exact=True)).to_have_count(0)
    assert counter.evaluate("window.stayed"), "the page is never loaded again"


def test_the_page_is_printed_without_buttons(counter: Page) -> None:
    counter.get_by_role("link", name="Siti Rahma", exact=True).click()
    expect(counter.get_by_role("region", name="Profile")).to_be_visible()
    buttons = counter.locator("main :is(.btn, button, summary)").filter(visible=True)
    assert buttons.count()
    counter.emulate_media(media="print")
    expect(buttons).to_have_count(0)
