"""The inbox, as staff work through it: with JavaScript and without it, on a phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from crm.inbox import inbound
from crm.inbox.inbound import Incoming
from crm.kernel.extensions import db
from crm.messages import services
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.values import clock
from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.factories import Cast, make_customer
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TEXTS = (
    ("+6281234567890", "Please stop", ""),
    ("+6281234567890", "Is my table booked? We are four, and would like to sit by the window if we can.", "a picture"),
    ("+6281299990000", "Do you have a cake for Sunday?", ""),
    ("+6281299991111", "", "reacted with \N{THUMBS UP SIGN}"),
    ("", "Salam, where are you?", ""),
)


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A browser on a phone."""
    context = browser.new_context(
        java_script_enabled=request.param == "with JavaScript", viewport={"width": 360, "height": 740}
    )
    yield context.new_page()
    context.close()


def fill(cast: Cast) -> int:
    """Let texts come in, of a customer and of others; return the id of a message that is pending for the customer."""
    with cast.owner.acting():
        sari = make_customer(name="Sari", phone="0812-3456-7890")
        later = clock.utcnow() + dt.timedelta(hours=1)
        pending = services.schedule_message(sari, SMS, "Your cake is ready.", later).id
    with cast.owner.app.app_context():
        texts = [
            Incoming("twilio", f"SM{place}", WHATSAPP, sender, "", body, what=what, sender_id="ID.77")
            for place, (sender, body, what) in enumerate(TEXTS)
        ]
        inbound.receive(cast.owner.organization_id, texts)
    return pending


def status(cast: Cast, message_id: int) -> Status:
    with cast.owner.acting():
        return db.session.get_one(Message, message_id).status


def told(page: Page, sentence: str) -> None:
    expect(page.locator(".toast-note", has_text=sentence).first).to_be_visible()


def test_staff_work_through_the_inbox(page: Page, running_app: RunningApp, cast: Cast) -> None:
    pending = fill(cast)
    sign_in(page, running_app.url, cast.staff)
    expect(page.get_by_role("region", name="Due reminders")).to_be_visible()
    page.locator("#text-1").get_by_role("link", name="Show").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()

    asking = page.locator(".inbox-text", has_text="Please stop")
    expect(asking).to_contain_text("May mean STOP")
    assert status(cast, pending) is Status.HELD
    asking.get_by_role("button", name="Go on").click()
    told(page, "Messages to +62 812-3456-7890 continue.")
    expect(page.locator(".inbox-text", has_text="Please stop")).to_contain_text("Not taken as STOP")
    assert status(cast, pending) is Status.SCHEDULED

    page.locator(".inbox-text", has_text="a cake for Sunday").get_by_role("button", name="Done").click()
    told(page, "Marked as done.")
    done = page.locator('.inbox-text[data-state="done"]', has_text="a cake for Sunday")
    expect(done).to_be_visible()
    page.locator(".toast-note", has_text="Marked as done.").get_by_role("button", name="Undo").click()
    expect(page.locator('.inbox-text[data-state="unread"]', has_text="a cake for Sunday")).to_be_visible()
    expect(page.locator("#menu-inbox-index")).to_contain_text("4")

    page.locator(".inbox-text", has_text="a cake for Sunday").get_by_role("link", name="Add as customer").click()
    form = page.locator("form.window")
    expect(form.get_by_label("Phone")).to_have_value("+6281299990000")
    form.get_by_label("Name").fill("Budi")
    form.get_by_role("button", name="Save customer").click()
    told(page, "Budi added.")
    page.goto(f"{running_app.url}/inbox")
    expect(page.locator(".inbox-text", has_text="a cake for Sunday")).to_contain_text("Budi")

    page.locator(".inbox-text", has_text="table booked").get_by_role("link", name="Reply").click()
    expect(page.locator("form.window").get_by_label("Send in … days")).to_have_value("0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_everybody(browser: Browser, running_app: RunningApp, cast: Cast, scheme: str) -> None:
    fill(cast)
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, running_app.url, cast.owner)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("/inbox", "/"):
            page.goto(f"{running_app.url}{path}")
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
