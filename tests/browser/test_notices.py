"""The switch of notices in a browser, and the notice that a phone shows."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from crm.customer_page.rules import Scope
from crm.kernel.extensions import db
from crm.web_push.models import PushSubscription
from tests.browser.axe import violations
from tests.customer_page.door import link_of
from tests.factories import Cast, make_customer
from tests.product import RunningApp, serve
from tests.web_push import push_service
from tests.web_push.conftest import PRIVATE_KEY, SUBJECT
from tests.web_push.push_service import PushService

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SUBSCRIBE = """
(() => {
  const { endpoint, p256dh, auth } = FORM;
  Notification.requestPermission = async () => "granted";
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly || applicationServerKey.length !== 87) throw new Error("not as browsers ask for it");
    return { toJSON: () => ({ endpoint, keys: { p256dh, auth } }) };
  };
})();
"""
"""The browser's own push service, which a test can't reach: the one of the test in its place."""

PUSHED = """async (said) => {
  const shown = [];
  self.registration.showNotification = async (title, { body, tag, lang, data }) => {
    shown.push([title, body, tag, lang, data.url]);
  };
  self.dispatchEvent(new PushEvent("push", { data: said }));
  await new Promise((done) => setTimeout(done, 50));
  return shown;
}"""
"""What the card's worker shows of a message that was pushed."""


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service.running() as running:
        yield running


@pytest.fixture
def notices(environ: dict[str, str], service: PushService, tmp_path: object) -> Iterator[RunningApp]:
    """The product with keys of web push."""
    keys = {"VAPID_PRIVATE_KEY": PRIVATE_KEY, "VAPID_SUBJECT": SUBJECT, "PUSH_TEST_ORIGIN": service.url}
    running = serve({**environ, **keys}, tmp_path / "web.log")  # type: ignore[operator]
    yield running
    running.web.end()


def phones(cast: Cast) -> int:
    with cast.owner.acting():
        return db.session.query(PushSubscription).count()


def open_card(page: Page, running: RunningApp, path: str) -> None:
    page.goto(running.url + path)
    page.get_by_role("button", name="Open my page").click()
    page.wait_for_url("**/c/card")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def test_notices_are_asked_for_by_a_tap_and_stop_by_one(
    page: Page, notices: RunningApp, service: PushService, cast: Cast
) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma")
    browser = service.subscribe()
    page.add_init_script(SUBSCRIBE.replace("FORM", json.dumps(browser.form)))
    open_card(page, notices, link_of(cast.owner, siti, Scope.CARD))
    assert violations(page) == []
    page.get_by_role("button", name="Allow notices").click()
    expect(page.get_by_text("This phone gets notices.")).to_be_visible()
    assert phones(cast) == 1
    page.get_by_role("button", name="Stop all notices").click()
    expect(page.get_by_text("You get no more notices.")).to_be_visible()
    assert phones(cast) == 0


def test_who_forbids_notices_is_told_where_to_allow_them(page: Page, notices: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma")
    page.add_init_script("Notification.requestPermission = async () => 'denied';")
    open_card(page, notices, link_of(cast.owner, siti, Scope.CARD))
    page.get_by_role("button", name="Allow notices").click()
    expect(page.get_by_text("The browser doesn't allow it.")).to_be_visible()
    assert phones(cast) == 0


def test_on_an_iphone_the_card_is_put_on_the_home_screen_first(page: Page, notices: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma")
    page.add_init_script(
        "delete window.PushManager; Object.defineProperty(navigator, 'userAgent', {value: 'Mozilla/5.0 (iPhone)'});"
    )
    open_card(page, notices, link_of(cast.owner, siti, Scope.CARD))
    expect(page.get_by_text("first put your card on the home screen")).to_be_visible()
    expect(page.get_by_role("button", name="Allow notices")).to_be_hidden()


def test_a_notice_is_shown_as_it_was_sent(page: Page, notices: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma")
    open_card(page, notices, link_of(cast.owner, siti, Scope.CARD))
    said = {"title": "Toko", "body": "40 points end on Friday.", "tag": "points", "lang": "en", "url": "/c/card"}
    seen = page.context.service_workers[0].evaluate(PUSHED, json.dumps(said))
    assert seen == [["Toko", "40 points end on Friday.", "points", "en", "/c/card"]]
