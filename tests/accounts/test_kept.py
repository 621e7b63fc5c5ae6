"""A form that is sent after its session ended, without JavaScript: its text is kept through the sign-in page."""

from __future__ import annotations

import html
import io
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts import members
from crm.accounts.kept import MAX_CHARACTERS
from crm.accounts.models import Branch, SignIn
from crm.accounts.rules import SECRETS
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.messages.channels.registry import all_channels
from crm.senders.forms import senders_form
from crm.web.forms import PASSWORDS
from tests.factories import PASSWORD, Cast, Person, join, make_customer

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TYPED = {"name": "Siti <Rahma>", "phone": "0812 3456 7890", "notes": 'Likes durian\nand "tea"'}
KEPT = "What you typed is kept"
SAID = "You signed in again since this page was opened. Check it and save."


@pytest.fixture(autouse=True)
def checked(app: Flask) -> None:
    """Ask for the token, as outside of tests."""
    app.config["WTF_CSRF_ENABLED"] = True


def hidden(page: TestResponse) -> dict[str, str]:
    """Return the hidden fields of the form of a page."""
    window, other = (rf'<form {kind}[^>]*method="post".*?</form>' for kind in ('class="window"', ""))
    form = re.search(window, page.text, re.S) or re.search(other, page.text, re.S)
    assert form, page.text[:500]
    found = re.findall(r'<input[^>]*type="hidden"[^>]*>', form[0])
    pairs = [(re.search(r'name="([^"]*)"', one), re.search(r'value="([^"]*)"', one)) for one in found]
    return {name[1]: html.unescape(value[1]) if value else "" for name, value in pairs if name}


def end_sessions(app: Flask) -> None:
    with app.app_context(), transaction() as session:
        session.execute(sa.delete(SignIn))


def send_signed_out(
    app: Flask, browser: FlaskClient, path: str = "/customers/new", to: str = "", **fields: object
) -> TestResponse:
    """Open a form, let the session end, and send the form."""
    opened = hidden(browser.get(path))
    end_sessions(app)
    return browser.post(
        to or path, data={**opened, **(fields or TYPED)}, headers={"Referer": f"http://localhost{path}"}
    )


def log_in(browser: FlaskClient, page: TestResponse, username: str, password: str = PASSWORD) -> TestResponse:
    return browser.post("/login", data={**hidden(page), "username": username, "password": password})


def go_on(browser: FlaskClient, page: TestResponse) -> TestResponse:
    action = re.search(r'<form method="post" action="([^"]*)"', page.text)
    assert action
    return browser.post(html.unescape(action[1]), data=hidden(page))


def customers(person: Person) -> list[str]:
    with person.acting():
        return list(db.session.scalars(sa.select(Customer.name)))


def test_what_was_typed_comes_back_after_signing_in_and_is_saved_by_the_user_alone(app: Flask, cast: Cast) -> None:
    browser = cast.staff.client()
    answer = send_signed_out(app, browser)
    assert answer.status_code == 401
    assert KEPT in answer.text
    offered = log_in(browser, answer, "staff")
    assert (offered.status_code, customers(cast.staff)) == (200, [])
    assert "You are signed in as staff, in <bdi>Shop</bdi>." in offered.text
    form = go_on(browser, offered)
    assert (form.status_code, customers(cast.staff)) == (422, [])
    assert SAID in form.text
    for kept in ('value="Siti &lt;Rahma&gt;"', 'value="0812 3456 7890"', "Likes durian\nand &#34;tea&#34;"):
        assert kept in form.text
    assert browser.post("/customers/new", data={**TYPED, **hidden(form)}).status_code == 303
    assert customers(cast.staff) == ["Siti <Rahma>"]


def test_the_text_survives_a_wrong_password_and_the_throttle(app: Flask, cast: Cast) -> None:
    browser = cast.staff.client()
    answer = send_signed_out(app, browser)
    for _ in range(10):
        answer = log_in(browser, answer, "staff", "wrong")
        assert (answer.status_code, KEPT in answer.text) == (422, True)
    throttled = log_in(browser, answer, "staff", "wrong")
    assert (throttled.status_code, KEPT in throttled.text) == (429, True)
    manager = log_in(browser, throttled, "", "")
    assert (manager.status_code, KEPT in manager.text) == (422, True)
    assert hidden(manager)["kept"] == hidden(throttled)["kept"]


@pytest.mark.parametrize("ended", ["signed out in another tab", "cookies cleared"])
def test_it_needs_nothing_of_the_ended_session(app: Flask, cast: Cast, ended: str) -> None:
    browser = cast.staff.client()
    opened = hidden(browser.get("/customers/new"))
    if ended == "cookies cleared":
        browser.delete_cookie("crm_session")
    else:
        assert browser.post("/logout", data=opened).status_code == 303
    answer = browser.post("/customers/new", data={**opened, **TYPED})
    form = go_on(browser, log_in(browser, answer, "staff"))
    assert 'value="Siti &lt;Rahma&gt;"' in form.text


def test_the_way_back_keeps_its_query_and_stays_on_this_site(app: Flask, cast: Cast) -> None:
    with cast.staff.acting():
        path = f"/customers/{make_customer(name='Ani')}/edit?back=%2F%2Fevil.example"
    browser = cast.staff.client()
    offered = log_in(browser, send_signed_out(app, browser, path), "staff")
    assert f'action="{path}"' in offered.text
    assert "evil.example" not in offered.text.replace(path, "")


def test_an_upload_keeps_what_was_typed_and_says_that_the_file_is_to_be_chosen_again(app: Flask, cast: Cast) -> None:
    with cast.staff.acting():
        path = f"/customers/{make_customer(name='Ani')}/invoices/new"
    browser = cast.staff.client()
    upload = (io.BytesIO(b"x" * 2_000_000), "photo.jpg")
    answer = send_signed_out(app, browser, path, amount="150000", note="Cake", receipt=upload)
    assert "Choose the files again" in answer.text
    offered = log_in(browser, answer, "staff")
    assert "Choose the files again" in offered.text
    form = go_on(browser, offered)
    assert form.status_code == 422
    assert 'value="150000"' in form.text
    assert "Cake" in form.text


def test_it_comes_back_in_the_organization_where_it_was_typed(app: Flask, cast: Cast) -> None:
    with app.app_context():
        join(cast.staff.user_id, cast.stranger.organization_id, Role.OWNER)
    browser = cast.staff.client()
    switched = f"/organizations/{cast.stranger.organization_id}/switch"
    assert browser.post(switched, data=hidden(browser.get("/customers/new"))).status_code == 303
    offered = log_in(browser, send_signed_out(app, browser), "staff")
    assert "in <bdi>Rival</bdi>" in offered.text
    form = go_on(browser, offered)
    assert browser.post("/customers/new", data={**TYPED, **hidden(form)}).status_code == 303
    assert (customers(cast.stranger), customers(cast.owner)) == (["Siti <Rahma>"], [])


@pytest.mark.parametrize("who", ["manager", "stranger"])
def test_somebody_else_does_not_get_it_and_is_not_signed_in_by_it(app: Flask, cast: Cast, who: str) -> None:
    browser = cast.staff.client()
    refused = log_in(browser, send_signed_out(app, browser), who)
    assert refused.status_code == 422
    assert "Somebody else typed what is kept here." in refused.text
    assert browser.get("/account/password").location.startswith("/login")
    assert "Siti" in go_on(browser, log_in(browser, refused, "staff")).text, "who typed it still gets it"
    browser.post("/logout", data=hidden(browser.get("/customers/new")))
    without = browser.get("/login")
    assert (log_in(browser, without, who).status_code, KEPT in without.text) == (303, True)


def test_who_was_removed_is_told_and_the_text_stays_on_the_page(app: Flask, cast: Cast) -> None:
    browser = cast.staff.client()
    opened = hidden(browser.get("/customers/new"))
    with cast.owner.acting():
        members.disable(cast.staff.membership_id)
    answer = browser.post("/customers/new", data={**opened, **TYPED})
    refused = log_in(browser, answer, "staff")
    assert (refused.status_code, KEPT in refused.text) == (422, True)
    assert "Your user is disabled." in refused.text
    with app.app_context():
        join(cast.staff.user_id, cast.stranger.organization_id, Role.OWNER)
    elsewhere = log_in(browser, refused, "staff")
    assert (elsewhere.status_code, customers(cast.stranger)) == (422, [])
    assert "You no longer work in the organization in which you typed" in elsewhere.text


# What keeps nothing


@pytest.mark.parametrize("token", ["", "x", "IngI.aaaa.bbbb"])
def test_without_a_token_of_ours_nothing_is_kept(app: Flask, cast: Cast, token: str) -> None:
    browser = cast.staff.client()
    answer = send_signed_out(app, browser, **{**TYPED, "csrf_token": token})
    assert (answer.status_code, answer.location) == (303, "/login?next=/customers/new")


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_gets_nothing_kept(app: Flask, cast: Cast, headers: dict[str, str]) -> None:
    browser = cast.staff.client()
    opened = hidden(browser.get("/customers/new"))
    end_sessions(app)
    answer = browser.post("/customers/new", data={**opened, **TYPED}, headers=headers)
    assert (answer.status_code, answer.location) == (303, "/login?next=/")


@pytest.mark.parametrize("size", [MAX_CHARACTERS, 1_100_000])
def test_a_huge_text_is_not_kept(app: Flask, cast: Cast, size: int) -> None:
    answer = send_signed_out(app, cast.staff.client(), **{**TYPED, "notes": "x" * size})
    assert (answer.status_code, answer.location) == (303, "/login?next=/customers/new")


def test_a_button_and_an_untouched_form_keep_nothing(app: Flask, cast: Cast) -> None:
    with cast.staff.acting():
        customer_id = make_customer(name="Ani")
    for to in (f"/customers/{customer_id}/archive", "/customers/new"):
        answer = send_signed_out(app, cast.staff.client(), to=to, name="")
        assert answer.status_code == 303, to


def test_what_we_did_not_sign_is_not_offered(app: Flask, cast: Cast) -> None:
    browser = app.test_client()
    page = browser.get("/login")
    for kept in ("x", "WyIvIiwiIixbXSxmYWxzZV0.aaaa", "\x00", "x" * 900_000):
        fields = {**hidden(page), "kept": kept, "username": "staff"}
        wrong = browser.post("/login", data={**fields, "password": "wrong"})
        assert (wrong.status_code, 'name="kept"' in wrong.text) == (422, False)
    assert browser.post("/login", data={**fields, "password": PASSWORD}).location == "/"


def test_a_password_is_never_kept(app: Flask, cast: Cast) -> None:
    owner = cast.owner.client()
    fields = {"current": PASSWORD, "password": "three grey apples"}
    answer = send_signed_out(app, owner, "/account/password", **fields)
    assert (answer.status_code, answer.location) == (303, "/login?next=/account/password")
    owner = cast.owner.client()
    secrets = {"twilio_auth_token": "one-of-ours", "sms-twilio_auth_token": "one-of-ours"}
    answer = send_signed_out(app, owner, "/settings/messaging", **secrets, twilio_from="+15005550006")
    form = log_in(owner, answer, "owner")
    assert "+15005550006" in form.text
    assert "one-of-ours" not in form.text
    with app.test_request_context(), cast.owner.acting():
        typed = [field.name for field in senders_form(all_channels()) if field.type == "PasswordField"]
    assert typed
    assert {*typed} <= PASSWORDS | SECRETS.keys()


def test_another_organizations_row_stays_unknown(app: Flask, cast: Cast) -> None:
    """A form that does not say whose it is comes back to who signs in, and leads nowhere of another organization."""
    with cast.owner.acting():
        branch = Branch(name="Kemang")
        with transaction() as session:
            session.add(branch)
            session.flush()
            path = f"/settings/branches/{branch.id}/edit"
    browser = cast.owner.client()
    offered = log_in(browser, send_signed_out(app, browser, path, name="Mine", typed_by=""), "stranger")
    assert "in <bdi>Rival</bdi>" in offered.text
    assert go_on(browser, offered).status_code == 404
