"""Every page of the URL map through axe-core: full, empty, with errors, in a window; light, dark, wide and narrow.

The suite looks at each page once, and at each state once; `make axe` looks at everything in every combination.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page

from crm.accounts.models import SignIn
from crm.invoices.edits import edit_invoice
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.db import transaction
from crm.kernel.roles import API, Role
from crm.leads.commitments import settle_commitment
from crm.leads.follow_ups import mark_done
from crm.leads.models import CommitmentState
from crm.reports import services as scores
from crm.values import clock
from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.factories import (
    FILL,
    PASSWORD,
    Cast,
    Person,
    make_address_token,
    make_booking,
    make_commitment,
    make_customer,
    make_follow_up,
    make_invoice,
    make_lead,
    make_message,
    make_note,
    make_organization,
    make_paused_campaign,
    make_person,
    make_points_entry,
    make_receipt,
    make_scan,
    make_token,
)
from tests.product import RunningApp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NO_PAGES = {
    "static",
    "health.up",
    "health.ready",
    "customers.index",
    "customers.cities",
    "customers.known",
    "customers.provinces",
    "area_customers.areas",
    "bookings.known",
    "first_hour.favicon",
    "first_hour.manifest",
    "messages.preview",
    "reports.stats",
    "webhooks.whatsapp_subscription",
    "api.document",
}
"""Endpoints whose answer is no page of its own: files, JSON, parts of pages, redirects."""

OF_CUSTOMERS = ("own_page.", "own_wallet.", "apple_wallet.")
"""Beginnings of endpoints that ask for a link: test_customer_page.py looks at their pages."""

DOWNLOADS = ("/file", "/original", "/data", ".csv", ".zip")
"""How the paths of files end."""
ONLY_BEFORE_THE_FIRST_USER = {"accounts.setup"}
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 360)]


class Visit(NamedTuple):
    """A page in a state."""

    url: str
    state: str


def pages(app: Flask, person: Person) -> Iterator[str]:
    """Yield the URL of every page, with rows of the person's organization."""
    for rule in app.url_map.iter_rules():
        is_page = "GET" in (rule.methods or set()) and not rule.endpoint.startswith((API, *OF_CUSTOMERS))
        if not is_page or rule.rule.endswith(DOWNLOADS) or rule.endpoint in NO_PAGES | ONLY_BEFORE_THE_FIRST_USER:
            continue
        with person.acting():
            ids = {name: FILL[name]() for name in sorted(rule.arguments)}
        with app.test_request_context():
            yield app.url_for(rule.endpoint, **ids)


def fill(person: Person) -> None:
    """Put something of everything into the organization."""
    with person.acting():
        for make in FILL.values():
            make()
        for status in ("reminder", "failed", "unconfirmed", "held", "accepted"):
            make_message(status=status, reason="The phone could not be reached." if status == "failed" else "")
        make_customer(name="Inactive", is_active=False, phone="no number", notes="Two\nlines")


def buy(person: Person) -> None:
    """Let enough people buy for groups, and one of them slip; the scores are those of the night."""
    today = clock.utcnow().date()
    with person.acting():
        for number in range(30):
            buyer = make_customer(name=f"Buyer {number}")
            for ago in (0, 30, 60)[: 1 + number % 3]:
                add_invoice(buyer, 1_000_00 * (number + 1), today - dt.timedelta(days=7 * number + ago), "")
        scores.rebuild()


def visits(app: Flask, person: Person) -> list[Visit]:
    """Return every page, and the states that pages share."""
    found = [Visit(url, "full") for url in pages(app, person)]
    forms = [
        visit.url
        for visit in found
        if visit.url.endswith(
            (
                "/new",
                "/edit",
                "/lost",
                "/password",
                "/account/email",
                "/organization",
                "/collection",
                "/settings/reports",
            )
        )
        and visit.url != "/messages/new"  # it only searches
        and not visit.url.endswith(("/payments/new", "/redemptions/new"))  # there may be nothing to choose from
    ]
    found += [Visit(url, "errors") for url in (*forms, "/settings/reports")]
    with person.acting():
        buyer = make_customer(name="Buyer", phone="0812 3456 7892")
        make_receipt(customer_id=buyer)
        make_points_entry(buyer)
        void_invoice(make_invoice(buyer))
        trip = make_booking(persons=[{"name": "Buyer", "phone": "0812 3456 7892"}])
        edit_invoice(make_invoice(buyer), {"booking_id": trip})
        scan = make_scan(state="working")
        asker = make_lead(name="Asker", phone="0812 3456 7891", notes="Bali\nin May")
        mark_done(make_follow_up(asker, note="Ask when"), "In May", clock.utcnow())
        settle_commitment(make_commitment(asker), CommitmentState.BROKEN)
        make_commitment(asker)
        make_note(asker, text="Likes tea.\n" * 9)
        paused = make_paused_campaign()
        lost = make_lead(name="Lost", status="lost", lost_reason="Too expensive")
    buy(person)
    found += [Visit(f"/reports/{name}", "with scores") for name in ("rfm", "cohorts", "value")]
    found += [Visit("/reports/rfm", "a definition"), Visit("/?rfm=champions", "of a group")]
    found += [Visit(f"/customers/{buyer}", "with invoices"), Visit(f"/customers/{buyer}/invoices", "with invoices")]
    found.append(Visit(f"/customers/{buyer}/redemptions/new", "errors"))
    found.append(Visit(f"/bookings/{trip}", "with payments"))
    found += [Visit(f"/campaigns/{paused}", "paused"), Visit(f"/campaigns/{paused}/recipients", "paused")]
    found += [Visit("/?away=60&tier=gold", "further filters"), Visit("/campaigns?state=zzz", "no such state")]
    found += [Visit(f"/leads/{asker}", "with follow-ups"), Visit(f"/leads/{lost}", "lost")]
    found += [
        Visit("/?created=2026-11", "of a month"),
        Visit("/?q=nobody-is-called-this", "nothing found"),
        Visit(f"/collection/scans/{scan}", "under way"),
        Visit("/leads?q=nobody-is-called-this", "nothing found"),
        Visit("/leads?view=board", "board"),
        Visit("/leads?status=lost&mine=1", "filters"),
        Visit("/reminders?when=later", "later"),
        Visit("/reminders?page=99", "no such page"),
        Visit("/customers/999999", "not found"),
    ]
    return [*found, Visit("/", "window"), Visit("/", "window with errors")]


def show(page: Page, base: str, visit: Visit) -> None:
    """Bring the page into the state."""
    page.goto(base + visit.url)
    if visit.state.startswith("window"):
        page.get_by_role("link", name="Add").filter(visible=True).first.click()
        page.get_by_role("dialog").wait_for()
    if visit.state == "a definition":
        page.locator(".what > summary").first.click()
    if visit.state == "errors":
        for box in page.locator("main input:visible:not([type=checkbox]):not([type=radio]):not([type=file])").all():
            box.fill("")
        page.locator("main form button[type=submit], main form button.btn-primary").first.click()
        page.wait_for_load_state()
    if visit.state == "window with errors":
        page.get_by_role("dialog").get_by_role("button", name="Save").click()
        page.get_by_text("There is a problem").wait_for()


def problems(page: Page, base: str, visit: Visit) -> list[str]:
    """Return what is wrong with the page in this state."""
    show(page, base, visit)
    return [f"{visit.url} ({visit.state}): {found}" for found in faults(page)]


def faults(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return violations(page) + ["sideways scroll"] * wide


def looked_at(browser: Browser, scheme: str, width: int) -> Page:
    """Return a page of its own with this theme and width."""
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
        has_touch=width < 768,
        reduced_motion="reduce",
    )
    return context.new_page()


def test_every_page_and_every_state_once(browser: Browser, running_app: RunningApp, cast: Cast, app: Flask) -> None:
    fill(cast.owner)
    everything = visits(app, cast.owner)
    found: list[str] = []
    shares = {look: everything[number :: len(LOOKS)] for number, look in enumerate(LOOKS)}
    for (scheme, width), share in shares.items():
        page = looked_at(browser, scheme, width)
        sign_in(page, running_app.url, cast.owner)
        for visit in share:
            found += [f"{scheme} {width} {problem}" for problem in problems(page, running_app.url, visit)]
    assert not found, "\n".join(found)


def test_pages_before_sign_in_and_of_an_empty_organization(
    browser: Browser, running_app: RunningApp, cast: Cast, app: Flask
) -> None:
    with app.app_context():
        organization_id = make_organization("empty")
        newcomer = make_person(app, "newcomer", organization_id, Role.OWNER)
    page = looked_at(browser, "light", 360)
    found = problems(page, running_app.url, Visit("/login", "full"))
    found += problems(page, running_app.url, Visit("/login", "errors"))
    with cast.owner.acting():
        invitation = f"/invitations/{make_token()}"
    found += problems(page, running_app.url, Visit(invitation, "full"))
    found += problems(page, running_app.url, Visit(invitation, "errors"))
    found += problems(page, running_app.url, Visit("/invitations/x", "not found"))
    with cast.owner.acting():
        address = f"/account/email/{make_address_token()}"
    found += problems(page, running_app.url, Visit(address, "full"))
    sign_in(page, running_app.url, newcomer)
    for url in (
        invitation,
        "/organizations",
        "/",
        "/reports",
        "/reports/rfm",
        "/reports/cohorts",
        "/reports/value",
        "/messages",
        "/bookings",
        "/area-customers",
        "/leads",
        "/settings/branches",
        "/settings/users",
        "/settings/templates",
        "/settings/opt-outs",
        "/settings/webhook",
        "/collection",
    ):
        found += problems(page, running_app.url, Visit(url, "empty"))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1280), ("light", 360)])
def test_a_form_that_is_kept_through_the_sign_in(
    browser: Browser, running_app: RunningApp, cast: Cast, app: Flask, scheme: str, width: int
) -> None:
    page = looked_at(browser, scheme, width)
    sign_in(page, running_app.url, cast.owner)
    page.goto(f"{running_app.url}/customers/new")
    page.locator("main input[name=name]").fill("Siti Rahma")
    with app.app_context(), transaction() as session:
        session.execute(sa.delete(SignIn))
    page.locator("main form").first.evaluate("form => HTMLFormElement.prototype.submit.call(form)")
    page.get_by_text("What you typed is kept").wait_for()
    found = faults(page)
    page.get_by_label("User name").fill(cast.owner.username)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="You are signed in again").wait_for()
    found += faults(page)
    assert not found, "\n".join(found)


def test_the_set_up_of_an_empty_installation(browser: Browser, running_app: RunningApp) -> None:
    page = looked_at(browser, "dark", 1280)
    found = problems(page, running_app.url, Visit("/setup", "full"))
    assert "/setup" in page.url
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [1280, 768])
def test_a_head_that_stays_covers_half_of_nothing(
    browser: Browser, running_app: RunningApp, cast: Cast, width: int
) -> None:
    with cast.owner.acting():
        for number in range(40):
            make_customer(name=f"Customer {number}", phone=f"0813-0000-00{number:02}")
    page = looked_at(browser, "light", width)
    sign_in(page, running_app.url, cast.owner)
    page.locator("input[name=ids]").nth(3).check()
    top = page.locator(".list thead").evaluate("head => head.getBoundingClientRect().top + scrollY")
    for down in range(100, 140, 4):
        page.evaluate("top => scrollTo(0, top)", top + down)
        assert violations(page, ["target-size"]) == [], down


@pytest.mark.axe
@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_in_every_state_and_look(
    browser: Browser, running_app: RunningApp, cast: Cast, app: Flask, scheme: str, width: int
) -> None:
    fill(cast.owner)
    page = looked_at(browser, scheme, width)
    sign_in(page, running_app.url, cast.owner)
    found = list(
        itertools.chain.from_iterable(problems(page, running_app.url, visit) for visit in visits(app, cast.owner))
    )
    assert not found, "\n".join(found)
