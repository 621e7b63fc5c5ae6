"""A customer's own pages in a browser: offline, at 320 pixels, in both directions and by night, and through axe."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Browser, Page, expect

from crm.customer_page import links
from crm.customer_page.models import CustomerLink
from crm.customer_page.rules import Scope
from crm.kernel.extensions import db
from crm.rewards.rules import RewardKind
from crm.values import clock
from tests.browser.axe import violations
from tests.customer_page.door import link_of
from tests.factories import Cast, make_booking, make_card_code, make_customer, make_receipt, make_reward, make_voucher
from tests.product import RunningApp, serve

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KEPT = "async () => Boolean(await (await caches.open('card')).match('/c/card'))"
UNTIL_KEPT = f"""async () => {{
    while (!navigator.serviceWorker.controller || !(await ({KEPT})())) await new Promise((go) => setTimeout(go, 50));
}}"""
"""Not by `wait_for_function`, whose way to look again the page's policy refuses."""


def open_card(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Open my page").click()
    page.wait_for_url("**/c/card")
    page.evaluate(UNTIL_KEPT)


def test_the_card_is_there_without_a_network_and_goes_when_its_link_ended(
    page: Page, running_app: RunningApp, cast: Cast, tmp_path: object
) -> None:
    with cast.owner.acting():
        siti, other = make_customer(name="Siti Rahma"), make_customer(name="Other")
    path, others = link_of(cast.owner, siti, Scope.CARD), link_of(cast.owner, other, Scope.CARD)
    open_card(page, running_app.url + path)
    assert page.locator("[data-offline]").is_hidden()

    running_app.web.end()
    for address in ("/c/card", path):  # an installed card begins with its link
        page.goto(running_app.url + address)
        expect(page.get_by_role("heading", name="Siti")).to_be_visible()
        expect(page.get_by_text("as of")).to_be_visible()
        assert page.locator("svg.qr").bounding_box() is not None
        assert page.evaluate("getComputedStyle(document.querySelector('.code')).textAlign") == "center", "with its look"
    page.reload()
    expect(page.get_by_role("heading", name="Siti")).to_be_visible()
    with pytest.raises(Exception, match="ERR_"):
        page.goto(running_app.url + others)

    again = serve(running_app.environ, running_app.web.log.with_name("again.log"))
    try:
        page.goto(running_app.url + others)
        page.goto(f"{running_app.url}/c/1-wrong")
        assert page.evaluate(KEPT), "another link's end is not this card's"
        page.goto(f"{running_app.url}/c/card")
        assert page.locator("[data-offline]").is_hidden()
        with cast.owner.acting():
            links.revoke_link(db.session.query(CustomerLink.id).order_by(CustomerLink.id).limit(1).scalar())
        page.goto(f"{running_app.url}/c/card")
        expect(page.get_by_role("heading", name="This link opens nothing")).to_be_visible()
        assert page.evaluate("caches.keys()") == []
    finally:
        again.web.end()


@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_own_pages_are_whole_on_the_smallest_phone(
    browser: Browser, running_app: RunningApp, cast: Cast, language: str, scheme: str
) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti " + "Rahma" * 12, language=language, phone="0812 3456 7890")
        code = make_card_code(siti)
        make_voucher(siti)
        make_reward(name="Off", kind=RewardKind.AMOUNT_OFF, value=100_00, cost=1, by_points=True)
        make_receipt(customer_id=siti)
        day = clock.utcnow().date() + dt.timedelta(days=3)
        make_booking(date=day, persons=[{"name": "Siti Rahma", "customer_id": siti, "is_lead": True}])
    context = browser.new_context(viewport={"width": 320, "height": 640}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    found = []

    def look() -> None:
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        found.extend([f"{page.url}: too wide"] if wide else [])
        found.extend(f"{page.url}: {problem}" for problem in violations(page))

    for scope in (Scope.CARD, Scope.PAGE):
        page.goto(running_app.url + link_of(cast.owner, siti, scope))
        look()
        page.locator("form button").click()
        page.wait_for_url("**/c/*")
        for summary in page.locator("summary").all():
            summary.click()
        look()
    for path in ("/c/1-x", f"/v/{code}"):
        page.goto(running_app.url + path)
        look()
    assert found == []
    context.close()


def test_it_works_without_javascript(browser: Browser, running_app: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(running_app.url + link_of(cast.owner, siti, Scope.CARD))
    page.get_by_role("button", name="Open my page").click()
    expect(page.get_by_role("heading", name="Siti")).to_be_visible()
    context.close()
