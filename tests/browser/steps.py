"""Steps that many browser tests take."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.factories import PASSWORD, Person


def sign_in(page: Page, url: str | None, person: Person) -> None:
    """Sign in as a person; without `url` on the sign-in page that is open."""
    if url is not None:
        page.goto(f"{url}/login")
    page.get_by_label("User name").fill(person.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("search", name="Search everything")).to_be_visible()
    page.wait_for_load_state()  # a key that is pressed before the scripts run is lost
