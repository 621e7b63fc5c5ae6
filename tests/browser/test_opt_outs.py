"""The list of opt-outs, as a manager keeps it: with JavaScript and without it, on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from crm.opt_outs import services
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A browser on a phone."""
    context = browser.new_context(
        java_script_enabled=request.param == "with JavaScript", viewport={"width": 360, "height": 740}
    )
    yield context.new_page()
    context.close()


def told(page: Page, sentence: str) -> None:
    expect(page.locator(".toast-note", has_text=sentence)).to_be_visible()


def test_a_manager_adds_a_number_finds_it_and_takes_it_off(page: Page, running_app: RunningApp, cast: Cast) -> None:
    with cast.manager.acting():
        make_customer(name="Sari", phone="0812-3456-7890")
    sign_in(page, running_app.url, cast.manager)
    page.goto(f"{running_app.url}/settings/opt-outs")
    expect(page.get_by_role("heading", name="No opt-outs")).to_be_visible()

    page.get_by_role("link", name="Add opt-out").click()
    form = page.locator("form.window")
    form.get_by_label("Phone number").fill("0812 34")
    form.get_by_label("Note").fill("Asked at the counter")
    form.get_by_role("button", name="Add opt-out").click()
    expect(form.get_by_role("alert")).to_contain_text("There is a problem")
    expect(form.get_by_label("Note")).to_have_value("Asked at the counter")
    form.get_by_label("Phone number").fill("0812 3456 7890")
    form.get_by_role("button", name="Add opt-out").click()
    told(page, "+62 812-3456-7890 gets no more messages.")
    row = page.get_by_role("row", name="0812-3456-7890")
    expect(row).to_contain_text("Sari")
    expect(row).to_contain_text("Asked at the counter")

    page.get_by_role("searchbox", name="Search opt-outs").fill("0812 3456")
    page.locator("#opt-outs").get_by_role("button", name="Search").click()
    expect(row).to_be_visible()
    row.locator("summary").click()
    row.get_by_role("button", name="Allow messages again").click()
    told(page, "+62 812-3456-7890 gets messages again.")
    expect(page.get_by_role("heading", name="No opt-outs")).to_be_visible()


def test_own_stop_words_are_changed(page: Page, running_app: RunningApp, cast: Cast) -> None:
    sign_in(page, running_app.url, cast.manager)
    page.goto(f"{running_app.url}/settings/opt-outs")
    page.get_by_role("link", name="Change your own words").click()
    form = page.locator("form.window")
    form.get_by_label("Your own stop words").fill("berhenti\nyes")
    form.get_by_role("button", name="Save words").click()
    expect(form.get_by_role("alert")).to_contain_text("opts a number back in")
    form.get_by_label("Your own stop words").fill("berhenti")
    form.get_by_role("button", name="Save words").click()
    told(page, "Stop words saved.")
    expect(page.locator("#opt-outs")).to_contain_text("BERHENTI")
    with cast.manager.acting():
        assert services.stop_words() == ["BERHENTI"]
