"""The card: what it shows, that a phone can install it, and how little it weighs."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.customer_page.rules import Scope
from crm.kernel.db import transaction
from crm.loyalty.models import Expiry, LoyaltySettings
from crm.loyalty.services import change_points
from crm.people.names import first_name
from tests.customer_page.door import link_of, opened
from tests.factories import Cast, make_customer

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MOST = 50 * 1024
"""Bytes that a page may load cold, as they are before they are compressed."""


@pytest.fixture
def siti(cast: Cast) -> int:
    with cast.owner.acting():
        return make_customer(name="Ibu Siti Rahma", phone="0812 3456 7890", email="siti@shop.test", address="Jalan 1")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Siti Rahma", "Siti"),
        ("Ibu Siti Rahma", "Siti"),
        ("Bpk. H. Budi Santoso, S.E.", "Budi"),
        ("Siti", "Siti"),
        ("Ibu", "Ibu"),
        ("KHAN/ALI MR", "KHAN"),
        ("Dr. Ayesha", "Ayesha"),
        ("\u0639\u0627\u0626\u0634\u06c1 \u062e\u0627\u0646", "\u0639\u0627\u0626\u0634\u06c1"),
    ],
)
def test_the_first_name_is_the_first_word_that_is_no_title(name: str, first: str) -> None:
    assert first_name(name) == first


def test_the_card_shows_the_first_name_alone_the_points_and_the_code(app: Flask, cast: Cast, siti: int) -> None:
    page = opened(app, link_of(cast.owner, siti, Scope.CARD)).get("/c/card").text
    assert re.search(r"<h1[^>]*>Siti</h1>", page)
    for hidden in ("Rahma", "3456", "siti@", "Jalan"):
        assert hidden not in page
    assert "Bronze" in page
    assert '<svg role="img" aria-label="Your code, for the shop to scan"' in page


def test_points_are_shown_with_every_date_and_what_the_next_tier_takes(app: Flask, cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        with transaction() as session:
            session.add(LoyaltySettings(expiry=Expiry.MONTHS))
        for months, points in ((3, 60), (5, 20), (3, 5)):
            with transaction() as session:
                session.scalars(sa.select(LoyaltySettings)).one().expiry_months = months
            change_points(siti, points, "x")
    card = opened(app, link_of(cast.owner, siti, Scope.CARD)).get("/c/card").text
    page = opened(app, link_of(cast.owner, siti)).get("/c/page").text
    for shown in (card, page):
        assert re.search(r"<strong>85</strong>\s+points", shown)
        assert re.findall(r"<li>(\d+) points until \d", shown) == ["65", "20"]
    assert "15 more points for Silver" in page


def loaded(client: FlaskClient, page: str) -> list[str]:
    """Return what a page loads, and what those load."""
    html = client.get(page).text
    found = re.findall(r'<(?:link|script|img)[^>]*\s(?:href|src)="([^"]+)"', html)
    more = [icon["src"] for url in found if "manifest" in url for icon in client.get(url).get_json(force=True)["icons"]]
    return [page, *found, *more, *(["/c/worker.js"] if "card.js" in html else [])]


@pytest.mark.parametrize(("scope", "home"), [(Scope.CARD, "/c/card"), (Scope.PAGE, "/c/page")])
@SQLITE
def test_a_page_weighs_little_on_the_first_visit(app: Flask, cast: Cast, siti: int, scope: Scope, home: str) -> None:
    path = link_of(cast.owner, siti, scope)
    client = opened(app, path)
    weights = {url: len(client.get(url).data) for url in loaded(client, home)}
    weights["the question before"] = len(app.test_client().get(path).data)
    assert len(weights) > 3
    assert sum(weights.values()) <= MOST, weights


@SQLITE
def test_the_card_can_be_installed(app: Flask, cast: Cast, siti: int) -> None:
    path = link_of(cast.owner, siti, Scope.CARD)
    client = opened(app, path)
    manifest = client.get("/c/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    told = manifest.get_json(force=True)
    assert (told["start_url"], told["scope"], told["display"]) == (path, "/c/", "standalone")
    assert told["name"] == "Shop"
    for icon in told["icons"]:
        assert client.get(icon["src"]).status_code == 200
    worker = client.get("/c/worker.js")
    assert (worker.status_code, worker.mimetype) == (200, "text/javascript")
    assert app.test_client().get("/c/manifest.webmanifest").status_code == 404
    assert opened(app, link_of(cast.owner, siti)).get("/c/manifest.webmanifest").status_code == 404
