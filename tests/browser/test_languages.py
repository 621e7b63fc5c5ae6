"""Pages in other languages: longer words, and words from right to left."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser

from crm.values import language
from tests.browser.axe import violations
from tests.browser.inside import BASE, serve_inside
from tests.browser.test_axe import fill, show, visits
from tests.factories import Cast
from tests.pseudo import Pseudo

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

UNTRANSLATED = r"""() => {
    const typed = "[dir], [lang]:not(html), code, kbd, option, textarea, bdi, time, title";
    const brands = "SMS|WhatsApp|PDF|Twilio|Meta|Postmark|Mailgun|SendGrid|Resend|Android|Chrome|iPhone"
        + "|Safari|Webhook|[A-Z]{3,}";
    const names = new RegExp(brands + "|\\{\\w+\\}|\\b\\w{3,9} \\d{4}\\b|\\d+ \\w{3}\\b", "g");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const node = walker.currentNode;
        const inside = node.parentElement.closest(typed);
        if ((!inside || inside === document.documentElement) && /[A-Za-z]{3,}/.test(node.data.replace(names, ""))
            && !/[\u00c0-\u017f]/.test(node.data)) found.push(node.data.trim());
    }
    return found;
}"""
"""The texts of the page without an accent, but for what people typed, names, and dates."""


def test_longer_words_fit_the_smallest_phone(
    browser: Browser, cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(cast.owner)
    everything = visits(app, cast.owner)
    spoken = Pseudo()
    monkeypatch.setattr(language, "catalog", lambda: spoken)
    # What the database keeps in English is shown as it is to readers of English.
    spoken_as = {"Accept-Language": "id"}
    page = browser.new_context(
        viewport={"width": 320, "height": 800}, has_touch=True, extra_http_headers=spoken_as
    ).new_page()
    serve_inside(page, cast.owner.client())
    found: list[str] = []
    for visit in everything:
        if visit.state.startswith("window"):
            continue
        show(page, BASE, visit)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{visit.url} ({visit.state}): {wide} px too wide"] * (wide > 0)
        texts = page.evaluate(UNTRANSLATED) if visit.state == "full" else []
        found += [f"{visit.url}: {text}" for text in texts]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("code", "width"), [("ur", 320), ("ar", 1280)])
def test_pages_from_right_to_left(browser: Browser, cast: Cast, app: Flask, code: str, width: int) -> None:
    fill(cast.owner)
    page = browser.new_context(
        viewport={"width": width, "height": 800}, reduced_motion="reduce", extra_http_headers={"Accept-Language": code}
    ).new_page()
    serve_inside(page, cast.owner.client())
    found: list[str] = []
    for visit in visits(app, cast.owner):
        if visit.state.startswith("window"):
            continue
        show(page, BASE, visit)
        assert page.locator("html").get_attribute("dir") == "rtl", visit.url
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        found += [
            f"{visit.url} ({visit.state}): {problem}" for problem in violations(page) + ["sideways scroll"] * wide
        ]
    assert not found, "\n".join(found)
