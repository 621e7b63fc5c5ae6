"""Links without passwords: what they open, and that whatever is wrong with one looks the same."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.rules import token_hash
from crm.customer_page import links
from crm.customer_page.models import CustomerCard, CustomerLink, CustomerSession
from crm.customer_page.rules import Scope
from crm.customers.services import archive_customer, delete_customer, restore_customer
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.messages.models import Message
from crm.privacy.erasure import erase
from tests.customer_page.door import everything, link_of, opened, path_in
from tests.factories import Cast, make_card_code, make_customer, make_duplicate

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def siti(cast: Cast) -> int:
    with cast.owner.acting():
        return make_customer(name="Siti Rahma", phone="0812 3456 7890")


def expire(cast: Cast, path: str) -> None:
    with cast.owner.acting(), transaction() as session:
        row = session.scalars(sa.select(CustomerLink).where(CustomerLink.token_hash == token_hash(path[3:]))).one()
        row.expires_at = database_now() - dt.timedelta(seconds=1)


def revoke(cast: Cast, path: str) -> None:
    with cast.owner.acting():
        found = sa.select(CustomerLink.id).where(CustomerLink.token_hash == token_hash(path[3:]))
        links.revoke_link(db.session.scalars(found).one())


# Making, sending and revoking


@pytest.mark.parametrize("scope", ["card", "page"])
def test_staff_make_a_link_that_is_shown_once_with_its_qr_code(cast: Cast, siti: int, scope: str, app: Flask) -> None:
    client = cast.staff.client()
    made = client.post(f"/customers/{siti}/links", data={"scope": scope})
    assert made.status_code == 200
    path = path_in(made.text)
    assert app.config["PUBLIC_URL"] + path in made.text
    assert '<svg role="img" aria-label="QR code of the link"' in made.text
    with cast.owner.acting():
        row = db.session.scalars(sa.select(CustomerLink)).one()
        assert (row.scope, row.token_hash, row.customer_id) == (scope, token_hash(path[3:]), siti)
        assert (row.expires_at is None) == (scope == "card")
        assert row.created_by_id == cast.staff.user_id
    assert len(path.partition("-")[2]) == 43, "256 bits"
    assert path[3:] not in client.get(f"/customers/{siti}/links").text
    assert f"Link to their {scope} made" in client.get(f"/customers/{siti}").text


def test_the_same_form_twice_makes_one_link_and_shows_it_again(cast: Cast, siti: int) -> None:
    client, form = cast.staff.client(), {"scope": "page", "idempotency_key": "k"}
    first, second = (client.post(f"/customers/{siti}/links", data=form) for _ in range(2))
    assert path_in(first.text) == path_in(second.text)
    other = client.post(f"/customers/{siti}/links", data={**form, "scope": "card"})
    assert other.status_code == 422
    with cast.owner.acting():
        assert db.session.scalar(sa.select(sa.func.count(CustomerLink.id))) == 1
    revoke(cast, path_in(first.text))
    again = client.post(f"/customers/{siti}/links", data=form)
    assert (again.status_code, "revoked in the meantime" in again.text) == (422, True)


@SQLITE
def test_a_scope_that_is_none_is_refused(cast: Cast, siti: int) -> None:
    for scope in ("", "all", "download"):
        answer = cast.staff.client().post(f"/customers/{siti}/links", data={"scope": scope})
        assert (answer.status_code, "Choose the card or the page." in answer.text) == (422, True)
    assert cast.viewer.client().post(f"/customers/{siti}/links", data={"scope": "page"}).status_code == 403


def test_a_link_is_sent_as_a_message_through_the_gate(cast: Cast, siti: int) -> None:
    client = cast.staff.client()
    made = client.post(f"/customers/{siti}/links", data={"scope": "card"})
    path = path_in(made.text)
    send = re.search(r'action="(/links/\d+/send)"', made.text)
    assert send
    form = {"token": path[3:], "channel": "sms", "idempotency_key": "k"}
    for _ in range(2):
        assert client.post(send[1], data=form).status_code == 303
    with cast.owner.acting():
        message = db.session.scalars(sa.select(Message)).one()
        assert path in message.body
        assert (message.customer_id, message.channel) == (siti, "sms")
    wrong = client.post(send[1], data={**form, "token": "1-x", "idempotency_key": "l"})
    assert wrong.status_code == 422

    client.post(f"/customers/{siti}/edit", data={"name": "Siti Rahma", "phone": "0812 3456 7890"})
    refused = client.post(send[1], data={**form, "idempotency_key": "m"})
    assert refused.status_code == 422
    assert "is not allowed for Siti Rahma" in refused.text


@SQLITE
def test_a_revoked_link_lets_everybody_out(app: Flask, cast: Cast, siti: int) -> None:
    path = link_of(cast.owner, siti)
    browser = opened(app, path)
    assert browser.get("/c/page").status_code == 200
    staff = cast.staff.client()
    page = staff.get(f"/customers/{siti}/links").text
    action = re.search(r'action="(/links/\d+/revoke)"', page)
    assert action
    assert "opened" in page
    assert staff.post(action[1]).status_code == staff.post(action[1]).status_code == 303
    assert browser.get("/c/page").status_code == 404
    assert browser.post(path).status_code == 404
    assert action[1] not in staff.get(f"/customers/{siti}/links").text
    assert staff.get(f"/customers/{siti}").text.count("Link to their page revoked") == 1


# Opening


@pytest.mark.parametrize(("scope", "home"), [(Scope.CARD, "/c/card"), (Scope.PAGE, "/c/page")])
def test_looking_at_a_link_does_nothing_and_opening_it_lets_the_browser_in(
    app: Flask, cast: Cast, siti: int, scope: Scope, home: str
) -> None:
    path = link_of(cast.owner, siti, scope)
    before = everything(cast.owner)
    client = app.test_client()
    for method in ("GET", "HEAD"):
        for _ in range(100):
            answer = client.open(path, method=method)
            assert answer.status_code == 200
            assert not any("crm_customer" in cookie for cookie in answer.headers.getlist("Set-Cookie"))
    asked = client.get(path)
    assert "Open my page" in asked.text
    assert "Siti" not in asked.text, "a preview tells nobody whose it is"
    for name, value in (
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Robots-Tag", "noindex, nofollow"),
    ):
        assert asked.headers[name] == value
    assert client.get(home).status_code == 404
    assert everything(cast.owner) == before

    answer = client.post(path)
    assert (answer.status_code, answer.location) == (303, home)
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("crm_customer="))
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    page = client.get(home)
    assert (page.status_code, "Siti" in page.text) == (200, True)
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get(path).location == home, "who is in needn't ask again"
    with cast.owner.acting():
        assert db.session.scalars(sa.select(CustomerLink.last_used_at)).one() is not None
        session = db.session.scalars(sa.select(CustomerSession)).one()
        assert cookie.partition("=")[2].partition(";")[0].partition(".")[0] not in repr(session.__dict__)


@SQLITE
def test_by_https_the_cookie_is_of_this_host_alone_and_no_referrer_is_asked_for(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        customer = make_customer(name="Siti")
    path = link_of(cast.owner, customer)
    app.config.update(
        PUBLIC_URL="https://crm.example.com",
        SESSION_COOKIE_NAME="__Host-crm_session",
        SESSION_COOKIE_SECURE=True,
        WTF_CSRF_ENABLED=True,
    )
    client, https = app.test_client(), {"base_url": "https://crm.example.com"}
    page = client.get(path, **https)  # type: ignore[arg-type]
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    assert client.post(path, **https).status_code == 400  # type: ignore[arg-type]
    for headers in ({}, {"Origin": "null"}):
        answer = client.post(path, data={"csrf_token": token[1]}, headers=headers, **https)  # type: ignore[arg-type]
        assert answer.status_code == 303
        cookie = next(each for each in answer.headers.getlist("Set-Cookie") if "customer" in each)
        assert cookie.startswith("__Host-crm_customer=")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


# Whatever is wrong


def wrong_links(app: Flask, cast: Cast, siti: int) -> dict[str, str]:
    with cast.owner.acting():
        gone, erased = make_customer(name="Gone"), make_customer(name="Erased")
    paths = {name: link_of(cast.owner, siti) for name in ("expired", "revoked")}
    paths |= {"deleted": link_of(cast.owner, gone), "erased": link_of(cast.owner, erased)}
    expire(cast, paths["expired"])
    revoke(cast, paths["revoked"])
    right = link_of(cast.owner, siti)
    organization, _, secret = right[3:].partition("-")
    paths |= {
        "unknown": f"/c/{organization}-{'x' * 43}",
        "of another organization": f"/c/{cast.stranger.organization_id}-{secret}",
        "of no organization": f"/c/999999-{secret}",
        "without an organization": f"/c/{secret}",
        "cut": right[:-1],
        "longer": f"{right}x",
        "another case": right[:-4] + right[-4:].swapcase(),
        "of signs": "/c/1-%00%ff",
        "huge": f"/c/{'9' * 30}-{secret}",
        "long": f"/c/1-{'x' * 3000}",
    }
    with cast.owner.acting():
        delete_customer(gone)
        erase(erased, "asked")
    return paths


def test_whatever_is_wrong_with_a_link_is_the_same_404(app: Flask, cast: Cast, siti: int) -> None:
    expected = app.test_client().get("/c/1-never-made", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert (expected.status_code, "This link opens nothing" in expected.text) == (404, True)
    for number, (name, path) in enumerate(wrong_links(app, cast, siti).items(), 10):
        for method in ("GET", "POST"):
            client = app.test_client()
            answer = client.open(path, method=method, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
            assert (answer.status_code, answer.text) == (404, expected.text), name
            told = {key: value for key, value in answer.headers if key != "Content-Length"}
            assert told == {key: value for key, value in expected.headers if key != "Content-Length"}, name


def test_what_is_inside_is_the_same_404_without_the_right_session(app: Flask, cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        other = make_customer(name="Other")
    card, page = link_of(cast.owner, siti, Scope.CARD), link_of(cast.owner, siti)
    expected = app.test_client().get("/c/1-never-made").text
    for path in ("/c/card", "/c/page"):
        assert app.test_client().get(path).text == expected
        forged = app.test_client()
        forged.set_cookie("crm_customer", "1-forged")
        assert forged.get(path).text == expected
    assert opened(app, card).get("/c/page").text == expected, "a card's link opens no page"
    assert opened(app, page).get("/c/card").text == expected
    browser = opened(app, page)
    browser.post(link_of(cast.owner, other))
    assert "Other" in browser.get("/c/page").text
    with cast.owner.acting(), transaction() as session:
        for row in session.scalars(sa.select(CustomerSession)):
            row.expires_at = database_now() - dt.timedelta(seconds=1)
    assert browser.get("/c/page").text == expected


@SQLITE
def test_a_thousand_guesses_are_stopped_and_a_right_link_still_opens(app: Flask, cast: Cast, siti: int) -> None:
    path, client, found = link_of(cast.owner, siti), app.test_client(), []
    for number in range(1000):
        answer = client.get(f"/c/{cast.owner.organization_id}-{number:043}")
        found.append((answer.status_code, answer.text))
    assert [status for status, _ in found] == [404] * 20 + [429] * 980
    assert len(set(found)) == 2
    assert "Retry-After" in answer.headers
    assert app.test_client().get("/c/1-x", environ_base={"REMOTE_ADDR": "192.0.2.9"}).status_code == 404
    assert client.post(path).status_code == 303


# Whose it is


def test_a_link_follows_its_customer(app: Flask, cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        sari = make_customer(name="Sari Dewi", phone="0812 9999 0000")
        code = make_card_code(sari)
        entry = make_duplicate(siti, sari)
    path, staff = link_of(cast.owner, sari), cast.staff.client()
    browser = opened(app, path)
    assert staff.post(f"/duplicates/{entry}", data={"action": "merge", "keep": siti}).status_code == 303
    assert "Siti" in browser.get("/c/page").text
    assert "Siti" in opened(app, path).get("/c/page").text
    assert "Siti Rahma" in staff.get(f"/v/{code}").text
    assert staff.post(f"/duplicates/{entry}/undo").status_code == 303
    assert "Sari" in browser.get("/c/page").text
    assert "Sari Dewi" in staff.get(f"/v/{code}").text

    with cast.owner.acting():
        archive_customer(sari)
    for answer in (browser.get("/c/page"), app.test_client().get(path), app.test_client().post(path)):
        assert (answer.status_code, "Ask the shop" in answer.text) == (410, True)
        assert "Sari" not in answer.text
    assert staff.post(f"/customers/{sari}/links", data={"scope": "page"}).status_code == 422
    with cast.owner.acting():
        restore_customer(sari)
    assert browser.get("/c/page").status_code == 200
    with cast.owner.acting():
        erase(sari, "asked")
        assert not db.session.scalars(sa.select(CustomerLink).where(CustomerLink.customer_id == sari)).all()
        assert not db.session.scalars(sa.select(CustomerCard).where(CustomerCard.customer_id == sari)).all()
    assert browser.get("/c/page").status_code == app.test_client().get(path).status_code == 404


@SQLITE
def test_the_page_speaks_the_customers_language(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        customer = make_customer(name="Ayesha", language="ur")
    path = link_of(cast.owner, customer)
    page = app.test_client().get(path, headers={"Accept-Language": "id"}).text
    assert '<html lang="ur" dir="rtl"' in page
    assert 'lang="id"' in app.test_client().get("/c/1-x", headers={"Accept-Language": "id"}).text


# The code on the card


def test_a_code_shows_its_customer_to_the_shops_staff_alone(app: Flask, cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        code = make_card_code(siti)
    assert re.fullmatch("[2-9a-z]{16}", code)
    for person in cast.of_shop():
        page = person.client().get(f"/v/{code}")
        assert (page.status_code, "Siti Rahma" in page.text) == (200, True)
    unknown = app.test_client().get(f"/v/{'x' * 16}").text
    for client in (app.test_client(), cast.stranger.client(), opened(app, link_of(cast.owner, siti))):
        for path in (f"/v/{code}", f"/v/{'y' * 16}"):
            page = client.get(path)
            assert (page.status_code, page.text) == (200, unknown)
    assert cast.staff.client().get(f"/v/{'x' * 16}").text == unknown
    assert app.test_client().get(f"/v/{code}?sign-in=1").location == f"/login?next=/v/{code}"

    staff: FlaskClient = cast.staff.client()
    assert staff.post(f"/customers/{siti}/card/renew").status_code == 303
    assert staff.get(f"/v/{code}").text == unknown
    with cast.owner.acting():
        new = make_card_code(siti)
    assert new != code
    assert "Siti Rahma" in staff.get(f"/v/{new}").text
    assert "Code of their card renewed" in staff.get(f"/customers/{siti}").text
