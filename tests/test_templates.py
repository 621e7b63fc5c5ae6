"""Conventions of the templates: whole, without inline script or style, each fragment part of a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.catalog import CATALOG, PUBLIC, ROLES, SIGNED_IN
from tests.servers import ROOT

FOLDER = ROOT / "crm" / "templates"
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))
FRAGMENTS = [name for name in TEMPLATES if Path(name).name.startswith("_")]

ASKED_FOR_WHILE_TYPING = {"customers/_cities.html", "customers/_known.html"}
PANELS = {part.template for part in (*CATALOG.panels, *CATALOG.notices, *CATALOG.reminders, *CATALOG.own_parts)}
PANELS |= {panel.head for panel in CATALOG.panels} | {offer.template for offer in CATALOG.void_offers}
PANELS |= set(CATALOG.fact_rows)
"""Parts of the customer's pages, of the list of reminders and of voiding, which find them in the manifests."""

MAX_COLUMNS = 120
MAX_LINES = 80
LONGER = {"shared/forms.html", "shared/ui.html"}
"""Macros that pages import together, and what they take."""

every_template = pytest.mark.parametrize("name", TEMPLATES)


def source(name: str) -> str:
    """Return a template's text without its comments."""
    return re.sub(r"\{#.*?#\}", "", (FOLDER / name).read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_template_compiles(app: Flask) -> None:
    for name in TEMPLATES:
        app.jinja_env.get_template(name)


@pytest.mark.parametrize("name", sorted(set(FRAGMENTS) - ASKED_FOR_WHILE_TYPING - PANELS))
def test_a_fragment_is_part_of_a_page(name: str) -> None:
    pages = [other for other in TEMPLATES if other != name and not other.endswith(".htmx.html")]
    assert any(f'"{name}"' in source(page) for page in pages), f"no page includes {name}"


@every_template
def test_a_template_is_read_without_scrolling(name: str) -> None:
    lines = (FOLDER / name).read_text().splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > MAX_COLUMNS] == []
    assert len(lines) <= MAX_LINES or name in LONGER


@every_template
def test_there_is_no_inline_script_or_style(name: str) -> None:
    text = source(name).replace("<style>", "") if name == "privacy/copy.html" else source(name)  # read from a file
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:|hx-on", text, re.IGNORECASE)


@every_template
def test_nothing_comes_from_elsewhere(name: str) -> None:
    loaded = re.findall(r"""<(?:script|img|link|iframe|source|use)[^>]*\s(?:src|href)="(https?:|//)""", source(name))
    assert not loaded


@every_template
def test_other_parts_of_the_page_are_swapped_by_htmx_templates_alone(name: str) -> None:
    """A fragment may be told by the .htmx.html that includes it."""
    text = re.sub(r'\{%-? if (swap|oob) %\} hx-swap-oob="[^"]*"\{% endif %\}', "", source(name))
    assert name.endswith(".htmx.html") or "hx-swap-oob" not in text


@every_template
def test_every_link_leads_somewhere(name: str) -> None:
    named = set(re.findall(r"""url_for\(\s*["']([\w.]+)["']""", source(name)))
    assert named <= PUBLIC | SIGNED_IN | set(ROLES)


@every_template
def test_words_are_plain(name: str) -> None:
    """Words as `look.md` wants them: no begging, no blaming."""
    text = re.sub(r"\{%.*?%\}|aria-invalid|:invalid|is-invalid", "", source(name), flags=re.DOTALL)
    assert not re.search(r"\b(please|sorry|oops|invalid)\b", text, re.IGNORECASE)


WITHOUT_SESSION = {"consents/unsubscribe.html"}
"""Pages whose reader has no session; the token of the link is what proves them."""


@every_template
def test_every_form_that_posts_has_a_token(name: str) -> None:
    if name in WITHOUT_SESSION:
        return
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", source(name), re.DOTALL | re.IGNORECASE):
        assert re.search(r"csrf\(\)|csrf_token|hidden_fields\(", form), form[:200]
