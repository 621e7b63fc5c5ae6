"""An owner erases a person and says what is kept for how long, on a phone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer, make_inactive, make_receipt
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser on a phone."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()


def test_a_person_is_erased_by_their_name(page: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name="Zebedia Quxworthy", phone="0812 9876 5432")
        make_receipt(customer_id=id_)
    sign_in(page, running_app.url, cast.owner)
    page.goto(f"{running_app.url}/customers/{id_}")
    page.locator(".page-head summary").click()
    page.get_by_role("link", name="Erase", exact=True).click()
    expect(page.get_by_text("1 receipt that proves one")).to_be_visible()
    _looks_right(page, "erase")
    page.get_by_label("Their name").fill("Zebedia")
    page.get_by_label("Why").fill("Asked by letter")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("alert")).to_contain_text("Type the name as it stands here")
    expect(page.get_by_label("Why")).to_have_value("Asked by letter")
    page.get_by_label("Their name").fill("zebedia quxworthy")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", name=f"Erased customer {id_}")).to_be_visible()
    expect(page.get_by_text("Only what the law asks for is left.")).to_be_visible()
    _looks_right(page, "erased")


def test_rules_are_counted_saved_and_somebody_kept(page: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        make_inactive()
    sign_in(page, running_app.url, cast.owner)
    page.goto(f"{running_app.url}/settings/privacy")
    page.get_by_label("Delete the text of messages").fill("soon")
    page.get_by_role("button", name="Count first").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a number from 7 to 3650")
    page.get_by_label("Delete the text of messages").fill("90")
    page.get_by_role("button", name="Count first").click()
    expect(page.get_by_text("Nothing is deleted yet.")).to_be_visible()
    _looks_right(page, "privacy")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast-note", has_text="Saved.")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", name="Nobody is to be erased")).to_be_visible()


def _looks_right(page: Page, name: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    if "SHOTS" in os.environ:
        page.screenshot(path=Path(os.environ["SHOTS"]) / f"{name}.png", full_page=True)
