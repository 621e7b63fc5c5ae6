"""Every window that a page offers is opened, filled, sent once and saved, without an error in the browser.

The pages come from the URL map, the windows from the pages, and the templates say whether one is missing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask
from markupsafe import Markup
from playwright.sync_api import Error, Locator, Page

from crm.demo import samples
from crm.kernel.columns import Base
from crm.kernel.extensions import db
from crm.values import clock
from tests.browser.steps import sign_in
from tests.browser.test_axe import fill, visits
from tests.factories import PDF, Cast, Person, make_text
from tests.product import RunningApp

TYPED = {
    "phone": "0812 7000 {n}",
    "contact_number": "0812 7100 {n}",
    "amount": "15000",
    "cost": "15",
    "times": "3",
    "stock": "12",
    "per_customer": "2",
    "voucher_days": "30",
    "minimum_spend": "15000",
    "maximum": "15000",
    "points": "5",
    "in_days": "3",
    "days": "3",
    "period_days": "30",
    "target": "5",
    "birthday": "14 February",
    "username": "newcomer{n}",
    "postal_code": "12345",
}
"""What is typed into a field of this name."""

NEXT_MONTH = clock.utcnow().date() + dt.timedelta(days=30)
BY_TYPE = {
    "email": "new{n}@example.com",
    "date": f"{NEXT_MONTH}",
    "datetime-local": f"{NEXT_MONTH}T09:00",
    "time": "09:00",
    "number": "3",
}
"""What is typed into a field of this type; anything else gets a few words."""

ONLY_SHOWN = {"palette.keys", "messages.choose"}
"""Windows without a form."""

OWN_BOOKS = {"sign_ins", "sign_in_failures", "worker_beats", "given_answers", "used_keys"}
"""Tables in which a request leaves a trace although nobody saved anything."""

QUIET = "() => !document.querySelector('.htmx-request')"

LINK = re.compile(r"<a\b[^>]*\bdata-window\b[^>]*>")
IN_MENU = re.compile(r"menu_link\((?:url_for\([^()]*\)|\"[^\"]*\")[^{}]*window=True")
PATH = re.compile(r'"(/[^"]*)"')
HREF = re.compile(r'href="([^"]+)"')
URL_FOR = re.compile(r"url_for\(['\"]([\w.]+)['\"]([^()]*)\)")

Kind = tuple[str, frozenset[str]]
"""An endpoint, and the names in its query."""


class Window(NamedTuple):
    """A link that opens a window, and the page that has it."""

    takes_away: bool
    page: str
    href: str


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_window_is_filled_and_saved(page: Page, running_app: RunningApp, cast: Cast, app: Flask) -> None:
    fill(cast.owner)
    with cast.owner.acting():
        make_text()
        samples.load()
    windows = _windows(app, cast.owner)
    assert set(_offered(app)) - set(windows) == set(), "no page showed these"
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    sign_in(page, running_app.url, cast.owner)
    broken = []
    for number, ((endpoint, _), window) in enumerate(windows.items(), 1000):
        if endpoint in ONLY_SHOWN:
            problem = _is_shown(page, running_app.url, window)
        else:
            problem = _problem(page, running_app.url, window, number, cast.owner)
        if problem or complaints:
            broken.append((window.page, window.href, problem, complaints[:]))
            complaints.clear()
    assert not broken, "\n".join(map(str, broken))


def _windows(app: Flask, person: Person) -> dict[Kind, Window]:
    """Return one window of each kind, those that take something away last."""
    client, found = person.client(), dict[Kind, Window]()
    urls = list(dict.fromkeys(visit.url for visit in visits(app, person)))
    for url in urls:
        answer = client.get(url)
        html = answer.text if answer.status_code == 200 and answer.mimetype == "text/html" else ""
        if 'name="q"' in html and "?" not in url:
            urls.append(f"{url}?q=nobody-is-called-this")
        for link in LINK.findall(html):
            href = str(Markup(HREF.findall(link)[0]).unescape())
            if "@" in href or (kind := _kind(app, href)) in found:  # "@": a row that the browser fills in
                continue
            # A guest may have nothing to link: another page shows the same window with its form.
            if kind[0] in ONLY_SHOWN or "<form" in client.get(href, headers={"HX-Request": "true"}).text:
                takes_away = "danger" in link or urlsplit(href).path.endswith("/delete")
                found[kind] = Window(takes_away, url, href)
    return dict(sorted(found.items(), key=lambda one: one[1]))


def _offered(app: Flask) -> Iterator[Kind]:
    """Yield each kind of window to which a link stands in some template."""
    arguments = {rule.endpoint: rule.arguments for rule in app.url_map.iter_rules()}
    for file in Path("crm/templates").rglob("*.html"):
        html = file.read_text().replace('href="{{ url }}"', "")  # the macro of what stands in a menu
        html = re.sub(r'" ~ \w+ ~ "', "1", html)
        for link in LINK.findall(html) + IN_MENU.findall(html):
            for endpoint, values in URL_FOR.findall(link):
                yield endpoint, frozenset(re.findall(r"(\w+)=", values)) - arguments[endpoint]
            if "url_for(" not in link:
                # A path that ends with a value may be of any window: the pages show which.
                paths = [path for path in PATH.findall(link) if not path.endswith(("}}", "/"))]
                yield from (_kind(app, re.sub(r"\{\{.*?\}\}", "1", path)) for path in paths)


def _kind(app: Flask, href: str) -> Kind:
    url = urlsplit(href)
    return str(app.url_map.bind("shop.example").match(url.path)[0]), frozenset(parse_qs(url.query))


def _is_shown(page: Page, base: str, window: Window) -> str:
    page.goto(base + window.page)
    page.locator(f'a[data-window][href="{window.href}"]').first.evaluate("link => link.click()")
    page.locator("#dialog h1").wait_for()
    return ""


def _problem(page: Page, base: str, window: Window, number: int, person: Person) -> str:
    """Open the window from its page, fill and send it; return why it isn't saved."""
    try:
        page.goto(base + window.page)
        page.locator(f'a[data-window][href="{window.href}"]').first.evaluate("link => link.click()")
        form = page.locator("#dialog .dialog-body form").first
        form.wait_for()
        for field in form.locator("input:visible, textarea:visible, select:visible").all():
            _fill(field, number)
            page.wait_for_function(QUIET)  # a chosen template brings the form anew
        before = _rows(person)
        page.evaluate("window.isOld = true")  # until the page of a redirect is there, even one of the same URL
        action = base + str(form.get_attribute("action"))
        with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url == action) as sent:
            form.locator(".window-actions button[type=submit]").click()
        page.wait_for_function(QUIET)
        if sent.value.status >= 400:
            return f"{sent.value.status} {page.locator('#dialog .error-summary').all_text_contents()}"
        if "closeWindow" in sent.value.headers.get("hx-trigger", ""):
            page.locator("#dialog").wait_for(state="hidden")
            page.wait_for_function("() => !history.state?.window")
        elif url := sent.value.headers.get("hx-redirect"):
            page.wait_for_function("() => !window.isOld && document.readyState === 'complete'")
            assert page.url == base + url
    except Error as error:
        return str(error)
    return "" if _rows(person) != before else "nothing is saved"


def _fill(field: Locator, number: int) -> None:
    kind, name = field.evaluate("field => [field.type, field.name]")
    if kind == "file":
        is_list = name == "file"
        content = b"Name\nWords\n" if is_list else PDF
        field.set_input_files({"name": "list.csv" if is_list else "receipt.pdf", "mimeType": "", "buffer": content})
    elif kind == "select-one":
        values = field.evaluate("field => [...field.options].map(option => option.value).filter(value => value)")
        if values and not field.input_value() and name != "channel":  # left open, it is the template's
            field.select_option(values[-1])  # the first ones are what other windows delete
    elif kind == "radio":
        if not field.evaluate("field => !!field.form.querySelector(`[name='${field.name}']:checked`)"):
            field.check()
    elif kind != "checkbox" and not (kind.startswith("date") and field.input_value()):
        field.fill(TYPED.get(name, BY_TYPE.get(kind, "Words {n}")).format(n=number))


def _rows(person: Person) -> list[object]:
    """Return what stands in the tables."""
    with person.acting():
        names = {table.name for table in Base.metadata.sorted_tables} - OWN_BOOKS
        statements = [sa.text(f"SELECT * FROM {name}") for name in sorted(names)]
        return [db.session.execute(one, execution_options={"all_organizations": True}).all() for one in statements]
