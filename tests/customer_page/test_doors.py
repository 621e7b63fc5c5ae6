"""Every route of the customer's own page, for everybody who may not open it, and what reading it changes: nothing."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.customer_page import links
from crm.customer_page.models import CustomerLink, CustomerSession
from crm.customer_page.rules import Scope
from crm.customers.services import archive_customer, delete_customer
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.privacy.erasure import erase
from tests.customer_page.door import everything, link_of, opened
from tests.factories import FILL, Cast, make_booking, make_card_code, make_customer, make_receipt, make_voucher
from tests.test_queries import counted

OUTSIDE = {"own_page.link", "own_page.open_link", "own_page.worker"}
OF_CARDS = {"own_page.card", "own_page.manifest"}
OF_BOTH = {"own_page.push"}
Route = tuple[str, str, str]


def routes(app: Flask, cast: Cast) -> list[Route]:
    """Return every route inside: endpoint, method, and a path with ids of the shop."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/c/") and rule.endpoint not in OUTSIDE:
            with cast.owner.acting():
                ids = {name: FILL[name]() for name in sorted(rule.arguments)}
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **ids)
            found += [(rule.endpoint, method, path) for method in sorted((rule.methods or set()) - {"OPTIONS"})]
    assert len(found) > 12
    return found


def ended(app: Flask, cast: Cast) -> dict[str, FlaskClient]:
    """Return browsers that were let in once, by what ended it."""
    with cast.owner.acting():
        ids = {name: make_customer(name=name) for name in ("revoked", "expired", "late", "erased", "deleted")}
    clients = {name: opened(app, link_of(cast.owner, id_)) for name, id_ in ids.items()}
    with cast.owner.acting():
        rows = {row.customer_id: row.id for row in db.session.scalars(sa.select(CustomerLink))}
        links.revoke_link(rows[ids["revoked"]])
        past = database_now() - dt.timedelta(seconds=1)
        with transaction() as session:
            session.get_one(CustomerLink, rows[ids["expired"]]).expires_at = past
            late = sa.select(CustomerSession).where(CustomerSession.link_id == rows[ids["late"]])
            session.scalars(late).one().expires_at = past
        erase(ids["erased"], "asked")
        delete_customer(ids["deleted"])
    return clients


def test_every_route_is_the_404_of_an_unknown_link_to_whoever_may_not_open_it(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti")
    with cast.stranger.acting():
        theirs = make_customer(name="Theirs")
    page = opened(app, link_of(cast.owner, siti))
    token = page.get_cookie("crm_customer")
    assert token
    forged, elsewhere = app.test_client(), app.test_client()
    forged.set_cookie("crm_customer", f"{cast.owner.organization_id}-forged")
    number, _, secret = token.value.partition("-")
    assert number == str(cast.owner.organization_id)
    elsewhere.set_cookie("crm_customer", f"{cast.stranger.organization_id}-{secret}")
    nobody = {"no link": app.test_client(), "forged": forged, "elsewhere": elsewhere, **ended(app, cast)}
    card = opened(app, link_of(cast.owner, siti, Scope.CARD))
    other = opened(app, link_of(cast.stranger, theirs))
    every = routes(app, cast)
    wrong = app.test_client().get("/c/1-unknown", environ_base={"REMOTE_ADDR": "192.0.2.1"}).text
    before = everything(cast.owner)
    tries = [(name, client, route) for name, client in nobody.items() for route in every]
    tries += [("card", card, route) for route in every if route[0] not in OF_CARDS | OF_BOTH]
    tries += [("page", page, route) for route in every if route[0] in OF_CARDS]
    tries += [("other organization", other, route) for route in every if any(map(str.isdigit, route[2]))]
    for at, (name, client, (endpoint, method, path)) in enumerate(tries):
        base = {"REMOTE_ADDR": f"198.51.{at // 250}.{at % 250}"}
        answer = client.open(path, method=method, environ_base=base)
        assert answer.status_code == 404, (name, endpoint, method)
        assert answer.text == ("" if method == "HEAD" else wrong), (name, endpoint, method)
    assert everything(cast.owner) == before


def test_every_route_sends_who_is_archived_to_the_shop(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma")
    page, card = opened(app, link_of(cast.owner, siti)), opened(app, link_of(cast.owner, siti, Scope.CARD))
    with cast.owner.acting():
        archive_customer(siti)
    every, before = routes(app, cast), None
    before = everything(cast.owner)
    for endpoint, method, path in every:
        client = card if endpoint in OF_CARDS else page
        answer = client.open(path, method=method)
        assert answer.status_code == 410, (endpoint, method)
        assert method == "HEAD" or "Ask the shop" in answer.text
        assert "Siti" not in answer.text
    assert everything(cast.owner) == before


def test_reading_changes_no_row_however_often(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma")
        code = make_card_code(siti)
        receipt = make_receipt(customer_id=siti)
    page, card = opened(app, link_of(cast.owner, siti)), opened(app, link_of(cast.owner, siti, Scope.CARD))
    staff = cast.staff.client()
    staff.get("/")
    before = everything(cast.owner)
    paths = [(page, "/c/page"), (page, f"/c/receipts/{receipt}"), (card, "/c/card"), (card, "/c/manifest.webmanifest")]
    for client, path in (*paths, (staff, f"/v/{code}"), (app.test_client(), f"/v/{code}")):
        for at in range(100):
            assert client.open(path, method="HEAD" if at % 2 else "GET").status_code == 200
    assert everything(cast.owner) == before


@pytest.mark.parametrize(("scope", "home", "most"), [(Scope.CARD, "/c/card", 8), (Scope.PAGE, "/c/page", 15)])
def test_a_page_asks_as_little_for_much_as_for_nothing(
    app: Flask, cast: Cast, scope: Scope, home: str, most: int
) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma", phone="0812 3456 7890")
    client = opened(app, link_of(cast.owner, siti, scope))
    with cast.owner.acting():
        for _ in range(3):
            make_receipt(customer_id=siti)
            make_booking(persons=[{"name": "Siti Rahma", "customer_id": siti}])
            make_voucher(siti)
    client.get(home)
    with counted(app) as few:
        client.get(home)
    with cast.owner.acting():
        for _ in range(12):
            make_receipt(customer_id=siti)
            make_booking(persons=[{"name": "Siti Rahma", "customer_id": siti}])
            make_voucher(siti)
    with counted(app) as many:
        client.get(home)
    assert len(few) == len(many) <= most, "\n".join(many)
