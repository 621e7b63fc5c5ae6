"""Fields that belong to a choice, and names in a page that is written from right to left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import sign_in
from tests.customer_page.door import link_of
from tests.factories import Cast, make_customer
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_field_is_shown_with_the_choice_that_it_belongs_to(page: Page, running_app: RunningApp, cast: Cast) -> None:
    sign_in(page, running_app.url, cast.owner)
    page.goto(f"{running_app.url}/badges/new")
    days, points = page.get_by_label("Number of days"), page.get_by_role("textbox", name="Points")
    expect(days).to_be_hidden()
    page.get_by_label("In what time").select_option("rolling")
    expect(days).to_be_visible()
    expect(points).to_be_hidden()
    page.get_by_role("radio", name="Points").check()
    expect(points).to_be_visible()

    page.goto(f"{running_app.url}/settings/loyalty/multipliers/new")
    expect(page.get_by_label("Tier")).to_be_visible()
    page.get_by_label("When").select_option("weekday")
    expect(page.get_by_label("Tier")).to_be_hidden()
    expect(page.get_by_label("Day", exact=True)).to_be_visible()


def test_a_field_with_a_problem_is_shown_whatever_was_chosen(page: Page, running_app: RunningApp, cast: Cast) -> None:
    sign_in(page, running_app.url, cast.owner)
    page.goto(f"{running_app.url}/settings/loyalty")
    page.get_by_label("Points end", exact=True).select_option("months")
    page.get_by_label("Months", exact=True).fill("x")
    page.get_by_label("Points end", exact=True).select_option("none")
    expect(page.get_by_label("Months", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a number from 1 to 120.")
    expect(page.get_by_label("Months", exact=True)).to_be_visible()


def test_a_name_stands_where_lines_begin(browser: Browser, running_app: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        customer = make_customer(name="Rudi Hartono")
    token = link_of(cast.owner, customer).rpartition("/")[2]
    context = browser.new_context(viewport={"width": 360, "height": 740}, extra_http_headers={"Accept-Language": "ur"})
    page = context.new_page()
    page.goto(f"{running_app.url}/c/{token}")
    page.get_by_role("button").click()
    page.wait_for_url("**/c/page")
    edges = page.evaluate("""() => [...document.querySelectorAll("main > [dir=auto]")].map((block) => {
        const text = document.createRange();
        text.selectNodeContents(block);
        return Math.round(block.getBoundingClientRect().right - text.getBoundingClientRect().right);
    })""")
    assert edges == [0, 0]
    context.close()
