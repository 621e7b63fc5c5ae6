"""The wizard, the settings and the switcher, as an owner uses them: with JavaScript and without it, on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from crm.accounts.rules import setup_code
from crm.kernel.roles import Role
from tests.browser.steps import sign_in
from tests.factories import PASSWORD, Cast, Person, join, make_organization
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LONG_NAME = "Toko Kue Sari dan Anak-anak Perempuan Tercinta di Kemang"


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A browser on a phone."""
    with on_phone(browser, scripts=request.param == "with JavaScript") as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of the phone."""
    return context.new_page()


@contextmanager
def on_phone(browser: Browser, *, scripts: bool) -> Iterator[BrowserContext]:
    """Open a browser on a phone of its own."""
    context = browser.new_context(java_script_enabled=scripts, locale="en-ID", viewport={"width": 360, "height": 740})
    yield context
    context.close()


def save(page: Page, button: str) -> None:
    page.locator("form.window").get_by_role("button", name=button).click()


def join_by(page: Page, link: str) -> None:
    """Take an invitation as a new person."""
    page.goto(link)
    expect(page.get_by_role("heading", name="Join Shop")).to_be_visible()
    page.get_by_label("Choose a user name").fill("citra")
    page.get_by_label("Choose a password").fill("short")
    page.get_by_role("button", name="Join Shop").click()
    expect(page.locator(".error-summary")).to_contain_text("Use at least 10 characters.")
    expect(page.get_by_label("Choose a user name")).to_have_value("citra")
    page.get_by_label("Choose a password").fill("three grey apples")
    page.get_by_role("button", name="Join Shop").click()
    expect(page.get_by_text("Welcome to Shop.")).to_be_visible()


def sign_in_elsewhere(page: Page, running_app: RunningApp, person: Person) -> None:
    """Sign in again in another tab of the same browser."""
    page.context.clear_cookies()
    tab = page.context.new_page()
    sign_in(tab, running_app.url, person)
    tab.close()


def switch_to(page: Page, name: str) -> None:
    """Choose another organization in the header."""
    page.locator(".header-organization summary").click()
    page.locator(".header-organization").get_by_role("button", name=name).click()
    expect(page.locator(".header-organization strong")).to_have_text(name)


def act(page: Page, row: str, action: str) -> None:
    """Choose an action of a row's menu."""
    page.get_by_role("row", name=row).locator("summary").click()
    page.get_by_role("row", name=row).locator(".menu-item", has_text=action).click()


def told(page: Page, sentence: str) -> None:
    expect(page.locator(".toast-note", has_text=sentence)).to_be_visible()


def test_an_empty_installation_is_set_up(
    page: Page, app: Flask, running_app: RunningApp, request: pytest.FixtureRequest
) -> None:
    page.goto(running_app.url)
    expect(page.get_by_role("heading", name="Set up the CRM")).to_be_visible()
    expect(page.get_by_label("Where is your shop?")).to_have_value("ID")
    page.get_by_label("Set-up code").fill("wrong")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the set-up code.")
    code = setup_code(app.config["SECRET_KEY"])
    if "without" not in request.node.name:
        page.goto(f"{running_app.url}/setup#code={code}")
        expect(page.get_by_label("Set-up code")).to_have_value(code)
        assert code not in page.url
    page.get_by_label("Set-up code").fill(code)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Jakarta")
    expect(page.get_by_label("Currency")).to_have_value("IDR")
    page.get_by_label("Name of your shop").fill("Toko Sari")
    page.get_by_label("Your user name").fill("ayu")
    page.get_by_label("Your password").fill("short")
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_label("Name of your shop")).to_have_value("Toko Sari")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("searchbox", name="Search customers")).to_be_visible()


def test_an_owner_looks_after_users_and_branches(
    page: Page, browser: Browser, running_app: RunningApp, cast: Cast
) -> None:
    sign_in(page, running_app.url, cast.owner)
    page.goto(f"{running_app.url}/settings/branches")
    page.get_by_role("link", name="Add branch").click()
    save(page, "Save branch")
    expect(page.locator(".error-summary")).to_contain_text("Enter the branch's name.")
    page.get_by_label("Name", exact=True).fill("Kemang")
    save(page, "Save branch")
    told(page, "Kemang added.")

    page.goto(f"{running_app.url}/settings/users")
    page.get_by_role("link", name="Invite someone").click()
    page.get_by_label("Branch", exact=True).select_option("Kemang")
    save(page, "Make the link")
    expect(page.locator(".error-summary")).to_contain_text("Enter their name or e-mail")
    expect(page.get_by_label("Branch", exact=True).locator("option:checked")).to_have_text("Kemang")
    page.get_by_label("Name", exact=True).fill("Citra")
    save(page, "Make the link")
    link = page.get_by_role("textbox", name="Link").input_value()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("row", name="Citra")).to_contain_text("Kemang")
    with on_phone(browser, scripts=False) as theirs:
        join_by(theirs.new_page(), link)
    page.reload()

    act(page, "Citra", "Edit")
    page.get_by_role("radio", name="Manager").check()
    save(page, "Save user")
    told(page, "Citra saved.")
    expect(page.get_by_role("row", name="Citra")).to_contain_text("Manager")
    act(page, "Citra", "Disable")
    told(page, "Citra disabled.")
    page.locator(".toast-note", has_text="disabled").get_by_role("button", name="Undo").click()
    told(page, "Citra enabled.")

    page.goto(f"{running_app.url}/settings/branches")
    act(page, "Kemang", "Delete")
    expect(page.get_by_text("still has 1 user.")).to_be_visible()


def test_the_switcher_shows_long_names_whole(page: Page, app: Flask, running_app: RunningApp, cast: Cast) -> None:
    with app.app_context():
        join(cast.owner.user_id, make_organization("long", name=LONG_NAME), Role.OWNER)
    sign_in(page, running_app.url, cast.owner)
    page.locator(".header-organization summary").click()
    button = page.get_by_role("button", name=LONG_NAME)
    box = button.bounding_box()
    assert box
    assert box["x"] + box["width"] <= 360
    assert button.evaluate("element => element.scrollWidth <= element.clientWidth")
    button.click()
    expect(page.locator(".header-organization strong")).to_have_text(re.compile("^Toko Kue Sari"))


def test_a_form_sent_after_the_sign_in_ended_leads_back(
    page: Page, running_app: RunningApp, cast: Cast, request: pytest.FixtureRequest
) -> None:
    sign_in(page, running_app.url, cast.owner)
    page.goto(f"{running_app.url}/settings/organization")
    page.get_by_label("Name", exact=True).fill("Toko Baru")
    page.context.clear_cookies()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("User name").fill(cast.owner.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    if "without JavaScript" in request.node.name:
        page.get_by_role("button", name="Open what I typed").click()
    expect(page).to_have_url(f"{running_app.url}/settings/organization")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Toko Baru")


def test_a_member_leaves_and_goes_on_elsewhere(page: Page, app: Flask, running_app: RunningApp, cast: Cast) -> None:
    with app.app_context():
        join(cast.staff.user_id, cast.stranger.organization_id, Role.STAFF)
    sign_in(page, running_app.url, cast.staff)
    page.locator(".header-phone summary").click()
    page.locator(".header-phone").get_by_role("link", name="Leave organization").click()
    page.get_by_role("button", name="Leave Shop").click()
    told(page, "You have left Shop.")
    page.get_by_role("button", name="Rival").click()
    expect(page.get_by_role("searchbox", name="Search customers")).to_be_visible()
    expect(page.locator(".header-organization strong")).to_have_text("Rival")


def test_a_form_from_before_signing_in_again_keeps_its_text(page: Page, running_app: RunningApp, cast: Cast) -> None:
    sign_in(page, running_app.url, cast.staff)
    page.goto(f"{running_app.url}/customers/new")
    page.get_by_label("Name", exact=True).fill("Siti Rahma")
    page.get_by_label("Phone").fill("0812 3456 7890")
    sign_in_elsewhere(page, running_app, cast.staff)
    save(page, "Save customer")
    expect(page.get_by_role("alert")).to_contain_text("You signed in again since this page was opened.")
    expect(page.get_by_label("Phone")).to_have_value("0812 3456 7890")
    save(page, "Save customer")
    expect(page.get_by_text("Siti Rahma added")).to_be_visible()


def test_a_window_from_before_signing_in_again_keeps_its_text(
    browser: Browser, running_app: RunningApp, cast: Cast
) -> None:
    with on_phone(browser, scripts=True) as context:
        page = context.new_page()
        sign_in(page, running_app.url, cast.staff)
        page.get_by_role("link", name="Add customer").first.click()
        window = page.get_by_role("dialog")
        window.get_by_label("Name", exact=True).fill("Siti Rahma")
        sign_in_elsewhere(page, running_app, cast.staff)
        save(page, "Save customer")
        expect(window.locator(".error-summary")).to_contain_text("You signed in again")
        expect(window.get_by_label("Name", exact=True)).to_have_value("Siti Rahma")
        save(page, "Save customer")
        told(page, "Siti Rahma added")
        expect(window).to_be_hidden()
        # And the buttons of the page, which still had the token of before. The time of signing follows the first dot.
        tokens = page.locator("input[name=csrf_token]").evaluate_all("fields => fields.map(f => f.value.split('.')[0])")
        assert len(set(tokens)) == 1


def test_text_of_an_ended_session_waits_in_the_organization_it_was_typed_in(
    browser: Browser, app: Flask, running_app: RunningApp, cast: Cast
) -> None:
    with app.app_context():
        join(cast.staff.user_id, cast.stranger.organization_id, Role.STAFF)
    with on_phone(browser, scripts=True) as context:
        page = context.new_page()
        sign_in(page, running_app.url, cast.staff)
        switch_to(page, "Rival")
        page.goto(f"{running_app.url}/customers/new")
        page.get_by_label("Name", exact=True).fill("Siti Rahma")
        context.clear_cookies()
        save(page, "Save customer")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.get_by_label("User name").fill(cast.staff.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".header-organization strong")).to_have_text("Shop")
        expect(page.get_by_label("Name", exact=True)).to_have_value("")
        switch_to(page, "Rival")
        expect(page.get_by_label("Name", exact=True)).to_have_value("Siti Rahma")
        save(page, "Save customer")
        expect(page.get_by_text("Siti Rahma added")).to_be_visible()


def test_a_password_can_be_shown_and_is_hidden_when_it_is_sent(
    browser: Browser, running_app: RunningApp, cast: Cast
) -> None:
    with on_phone(browser, scripts=True) as phone:
        page = phone.new_page()
        page.goto(f"{running_app.url}/login")
        password = page.get_by_label("Password")
        password.fill("three grey apples")
        page.get_by_role("button", name="Show password").click()
        expect(password).to_have_attribute("type", "text")
        page.get_by_role("button", name="Hide password").click()
        expect(password).to_have_attribute("type", "password")
        page.get_by_role("button", name="Show password").click()
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".error-summary")).to_be_visible()
        expect(page.get_by_label("Password")).to_have_attribute("type", "password")
