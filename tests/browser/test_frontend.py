"""What every page gets from the base: windows, focus, errors, kept text, the theme, the phone."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.axe import violations
from tests.product import RunningApp, flask, installation, serve
from tests.servers import ROOT

PASSWORD = "correct horse battery 9"
FOCUSED = "document.activeElement.id || document.activeElement.className"
IN_DIALOG = "document.getElementById('dialog').contains(document.activeElement)"


@pytest.fixture(scope="module")
def shop(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The product with one organization and its owner, for all tests here: what differs is in the browser."""
    directory = tmp_path_factory.mktemp("shop")
    shutil.copy(sqlite_template, directory / "crm.db")
    environ = installation(f"sqlite:///{directory / 'crm.db'}", directory)
    flask(environ, "org", "create", "shop", "--name", "The Shop")
    arguments = ("user", "create", "owner", "--organization", "shop", "--role", "owner", "--password-stdin")
    flask(environ, *arguments, given=PASSWORD)
    running = serve(environ, directory / "web.log")
    yield running
    running.web.end()


@pytest.fixture
def users(page: Page, shop: RunningApp) -> Iterator[Page]:
    """The users' page, with an owner signed in; nothing that the policy refuses may happen on it."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, shop, "/settings/users")
    yield page
    assert complaints == []


def sign_in(page: Page, shop: RunningApp, path: str) -> None:
    page.goto(f"{shop.url}{path}")
    fill_sign_in(page)
    page.wait_for_url(f"{shop.url}{path}")


def fill_sign_in(page: Page) -> None:
    page.get_by_label("User name").fill("owner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def open_window(page: Page) -> None:
    page.get_by_role("link", name="Invite someone").click()
    expect(page.get_by_role("dialog", name="Invite someone")).to_be_visible()


def open_branch(page: Page, shop: RunningApp) -> None:
    page.goto(f"{shop.url}/settings/branches")
    page.get_by_role("link", name="Add branch").click()
    expect(page.get_by_role("dialog", name="Add branch")).to_be_visible()


def posts(page: Page) -> list[str]:
    """Collect the addresses that the page posts to from now on."""
    seen: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            seen.append(request.url)

    page.on("request", note)
    return seen


def test_a_cold_list_page_is_light(browser: Browser, users: Page, shop: RunningApp) -> None:
    context = browser.new_context(storage_state=users.context.storage_state())
    page = context.new_page()
    weights: dict[str, int] = {}

    def weigh(request: Request) -> None:
        weights[request.url] = weights.get(request.url, 0) + request.sizes()["responseBodySize"]

    page.on("requestfinished", weigh)
    page.goto(f"{shop.url}/", wait_until="networkidle")
    context.close()
    assert len(weights) <= 8
    assert all(url.startswith(f"{shop.url}/") for url in weights)
    assert sum(weights.values()) <= 110 * 1024
    assert sum(weight for url, weight in weights.items() if ".js" in url) <= 48 * 1024


def test_the_modules_do_the_same_one_by_one(page: Page, shop: RunningApp) -> None:
    """A page loads them joined; the modules themselves are ordinary ones."""
    asked: set[str] = set()
    complaints: list[str] = []
    page.route(
        "**/static/app.js?*",
        lambda route: route.fulfill(content_type="text/javascript", body='import "/static/js/main.js";'),
    )
    page.on("request", lambda request: asked.add(request.url.removeprefix(f"{shop.url}/static/js/")))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, shop, "/settings/users")
    open_window(page)
    page.get_by_role("textbox", name="E-mail").fill("sari at the shop")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Invite someone")).to_be_focused()
    assert {path.name for path in (ROOT / "crm" / "static" / "js").glob("*.js")} <= asked
    assert complaints == []


def test_a_window_takes_focus_keeps_it_and_gives_it_back(users: Page) -> None:
    opener = users.get_by_role("link", name="Invite someone")
    opener.focus()
    users.keyboard.press("Enter")
    expect(users.get_by_role("dialog")).to_be_visible()
    assert users.evaluate(FOCUSED) == "name"
    for key in ["Tab"] * 15 + ["Shift+Tab"] * 15:
        users.keyboard.press(key)
        assert users.evaluate(IN_DIALOG)
    users.keyboard.press("Escape")
    expect(users.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()
    assert users.url.endswith("/settings/users")


def test_cancel_closes_the_window(users: Page) -> None:
    open_window(users)
    users.get_by_role("link", name="Cancel").click()
    expect(users.get_by_role("dialog")).to_be_hidden()
    expect(users.get_by_role("link", name="Invite someone")).to_be_focused()


def test_a_window_opened_from_a_menu_gives_focus_back_to_the_menu(users: Page) -> None:
    menu = users.locator(".row-menu summary")
    menu.focus()
    users.keyboard.press("Enter")
    users.keyboard.press("ArrowDown")
    users.keyboard.press("Enter")
    expect(users.get_by_role("dialog")).to_be_visible()
    users.keyboard.press("Escape")
    expect(menu).to_be_focused()


def test_escape_closes_a_menu(users: Page) -> None:
    menu = users.locator(".row-menu")
    menu.locator("summary").click()
    expect(menu.get_by_role("link").first).to_be_visible()
    users.keyboard.press("Escape")
    expect(menu.get_by_role("link").first).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


def test_errors_keep_what_was_typed_and_lead_to_the_field(users: Page) -> None:
    open_window(users)
    users.get_by_role("textbox", name="E-mail").fill("sari at the shop")
    users.keyboard.press("Enter")
    summary = users.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(users.get_by_role("textbox", name="E-mail")).to_have_value("sari at the shop")
    assert violations(users) == []
    summary.get_by_role("link").first.click()
    field = users.locator("#email")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert "#" not in users.url


def test_saving_closes_the_window_and_says_so_once(users: Page, shop: RunningApp) -> None:
    sent = posts(users)
    open_branch(users, shop)
    users.get_by_label("Name", exact=True).fill("Saved")
    users.get_by_role("dialog").get_by_role("button", name="Save branch").dblclick()
    expect(users.locator("#toasts .toast-note")).to_have_count(1)
    expect(users.get_by_role("dialog")).to_be_hidden()
    expect(users.get_by_role("rowheader", name="Saved")).to_be_visible()
    assert len(sent) == 1
    assert users.evaluate("document.activeElement !== document.body")


def test_a_server_that_cannot_be_reached_loses_nothing(users: Page, shop: RunningApp, context: BrowserContext) -> None:
    open_branch(users, shop)
    users.get_by_label("Name", exact=True).fill("Away")
    context.set_offline(True)
    users.keyboard.press("Enter")
    expect(users.locator("#dialog-alert")).to_have_text(
        "Could not reach the server. Check the connection, then try again."
    )
    expect(users.get_by_label("Name", exact=True)).to_have_value("Away")
    context.set_offline(False)
    users.get_by_role("dialog").get_by_role("button", name="Save branch").click()
    expect(users.get_by_role("rowheader", name="Away")).to_be_visible()


def test_an_ended_session_leads_back_to_the_window_with_its_text(users: Page, shop: RunningApp) -> None:
    open_window(users)
    users.get_by_label("Name", exact=True).fill("Sari")
    end_sessions(shop)
    users.keyboard.press("Enter")
    users.wait_for_url("**/login**")
    fill_sign_in(users)
    expect(users.get_by_role("dialog", name="Invite someone")).to_be_visible()
    expect(users.get_by_label("Name", exact=True)).to_have_value("Sari")
    users.keyboard.press("Escape")
    users.wait_for_function("() => !(history.state && history.state.window)")
    users.reload()
    expect(users.get_by_role("dialog")).to_be_hidden()


def test_an_ended_session_leads_back_to_the_page_with_its_text(users: Page, shop: RunningApp) -> None:
    users.goto(f"{shop.url}/settings/users/new")
    users.get_by_label("Name", exact=True).fill("Sari")
    end_sessions(shop)
    users.keyboard.press("Enter")
    expect(users.get_by_text("What you typed is kept: sign in to go on.")).to_be_visible()
    fill_sign_in(users)
    users.wait_for_url("**/settings/users/new")
    expect(users.get_by_label("Name", exact=True)).to_have_value("Sari")


def test_an_ended_session_keeps_no_password(users: Page, shop: RunningApp) -> None:
    users.goto(f"{shop.url}/account/password")
    users.get_by_label("New password").fill(PASSWORD)
    end_sessions(shop)
    users.keyboard.press("Enter")
    users.wait_for_url("**/login**")
    expect(users.get_by_text("What you typed is kept")).to_be_hidden()
    fill_sign_in(users)
    users.wait_for_url("**/account/password")
    expect(users.get_by_label("New password")).to_have_value("")


def test_a_page_that_is_not_there_says_what_to_do(users: Page, shop: RunningApp) -> None:
    users.goto(f"{shop.url}/nothing-here")
    expect(users.get_by_role("heading", level=1)).to_have_text("Page not found")
    assert violations(users) == []


def test_the_theme_follows_the_system_until_it_is_chosen(users: Page) -> None:
    users.emulate_media(color_scheme="dark")
    assert is_dark(users)
    users.locator(".header-user summary").click()
    users.get_by_role("button", name="Light").click()
    assert not is_dark(users)
    users.reload()
    assert not is_dark(users)
    users.locator(".header-user summary").click()
    users.get_by_role("button", name="System").click()
    users.reload()
    assert is_dark(users)


def test_everything_works_without_javascript(browser: Browser, shop: RunningApp) -> None:
    context = browser.new_context(
        java_script_enabled=False, color_scheme="dark", viewport={"width": 320, "height": 640}
    )
    page = context.new_page()
    sign_in(page, shop, "/settings/users")
    page.locator(".header-phone summary").click()
    expect(page.get_by_role("link", name="Change password")).to_be_visible()
    page.goto(f"{shop.url}/settings/users")
    page.get_by_role("link", name="Invite someone").click()
    page.get_by_role("button", name="Make the link").click()
    expect(page.locator(".error-summary")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Plain")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("textbox", name="Link")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("rowheader", name="Plain")).to_be_visible()
    page.locator("summary[title*=Plain]").click()
    page.get_by_role("button", name="Revoke").click()
    expect(page.locator("#toasts .toast-note")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [320, 360, 412])
def test_nothing_is_wider_than_a_phone(users: Page, shop: RunningApp, width: int) -> None:
    users.set_viewport_size({"width": width, "height": 640})
    open_window(users)
    assert users.evaluate("document.documentElement.scrollWidth") <= width
    for path in ("/settings/organization", "/settings/users/new", "/account/password", "/nothing-here"):
        users.goto(f"{shop.url}{path}")
        assert users.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_window_is_accessible(users: Page, scheme: str) -> None:
    users.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert violations(users) == []
    open_window(users)
    assert violations(users) == []


def is_dark(page: Page) -> bool:
    background: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in background.removeprefix("rgb(").removesuffix(")").split(",")) < 200


def end_sessions(shop: RunningApp) -> None:
    with sqlite3.connect(shop.environ["DATABASE_URL"].removeprefix("sqlite:///")) as connection:
        connection.execute("DELETE FROM sign_ins")
