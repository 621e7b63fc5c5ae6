"""Vouchers at the counter: redeemed in a window, found by the code, used in one tap, and that undone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from crm.kernel.extensions import db
from crm.rewards.codes import grouped
from crm.rewards.models import Voucher
from crm.rewards.voucher_routes import address_of
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer, make_reward, make_voucher
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def issued(cast: Cast) -> Voucher:
    with cast.staff.acting():
        id_ = make_voucher(make_customer(name="Siti Rahma"), name="Free coffee")
        make_reward(name="Free cake")
        found = db.session.get_one(Voucher, id_)
        db.session.expunge(found)
        return found


def test_on_a_phone_a_scanned_voucher_is_used_in_one_tap(
    page: Page, running_app: RunningApp, cast: Cast, issued: Voucher
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, running_app.url, cast.staff)
    with cast.staff.acting():
        address = address_of(issued.code)
    page.goto(running_app.url + "/" + address.partition("://")[2].partition("/")[2])
    expect(page.get_by_role("heading", name=f"Voucher {grouped(issued.code)}")).to_be_visible()
    use = page.get_by_role("button", name="Use Free coffee")
    expect(use).to_be_in_viewport()
    use.click()
    expect(page.get_by_role("status")).to_contain_text("Free coffee of Siti Rahma is used.")
    expect(page.locator(".voucher-page")).to_have_attribute("data-state", "used")
    expect(use).to_have_count(0)

    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(page.locator(".voucher-page")).to_have_attribute("data-state", "issued")


def test_the_customers_page_redeems_and_uses_without_loading_again(
    page: Page, running_app: RunningApp, cast: Cast, issued: Voucher
) -> None:
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/customers/{issued.customer_id}")
    page.evaluate("window.stayed = true")
    panel = page.get_by_role("region", name="Vouchers")
    panel.get_by_role("link", name="Redeem").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Free cake").click()
    dialog.get_by_role("button", name="Redeem").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("status")).to_contain_text(re.compile("Free cake for Siti Rahma: voucher [0-9A-Z-]{11}"))
    expect(page.get_by_role("region", name="Points")).to_contain_text("420")
    panel.get_by_role("button", name="Use Free cake").click()
    expect(panel.get_by_role("button", name="Use Free cake")).to_have_count(0)
    expect(panel.get_by_role("button", name="Use Free coffee")).to_be_visible()
    panel.get_by_text("Used and ended (1)").click()
    expect(panel).to_contain_text("Used")
    assert page.evaluate("window.stayed"), "the page is never loaded again"


def test_a_code_is_typed_at_the_counter_or_in_the_search_over_everything(
    page: Page, running_app: RunningApp, cast: Cast, issued: Voucher
) -> None:
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/vouchers")
    page.get_by_label("Code on the voucher").fill("0000000001")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("No voucher has this code. Check it letter by letter.")
    page.get_by_label("Code on the voucher").fill(grouped(issued.code).lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"Voucher {grouped(issued.code)}")).to_be_visible()

    page.goto(f"{running_app.url}/vouchers")
    page.keyboard.press("Control+k")
    page.keyboard.type(issued.code)
    page.get_by_role("option", name="Free coffee").click()
    expect(page).to_have_url(f"{running_app.url}/vouchers/{issued.id}")
    page.goto(f"{running_app.url}/vouchers")
    page.get_by_role("row", name="Siti Rahma").get_by_role("button", name="Use Free coffee").click()
    expect(page.get_by_role("row", name="Siti Rahma")).to_contain_text("staff")
