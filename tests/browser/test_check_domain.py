"""An owner checks the domain that e-mail is sent from, on a phone, with JavaScript and without it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from crm.accounts.services import change_organization
from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.factories import Cast
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FREE = "Nobody else may send from gmail.com."
"""Said without asking a name server."""


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A browser on a narrow phone."""
    context = browser.new_context(
        java_script_enabled=request.param == "with JavaScript", viewport={"width": 320, "height": 740}
    )
    yield context.new_page()
    context.close()


def test_the_result_stands_above_the_button(
    page: Page, running_app: RunningApp, cast: Cast, request: pytest.FixtureRequest
) -> None:
    settings = {"email_gateway": "smtp", "email_from": "toko@gmail.com", "smtp_host": "smtp.toko.test"}
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, settings)
    sign_in(page, running_app.url, cast.owner)
    page.goto(f"{running_app.url}/settings/messaging")
    button = page.get_by_role("button", name="Check the domain")
    button.focus()
    page.keyboard.press("Enter")
    result = page.locator("#domain-result")
    expect(result).to_contain_text(FREE)
    expect(result).to_be_in_viewport()
    expect(button).to_be_visible()
    if "without" not in request.node.name:
        expect(button).to_be_focused()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
