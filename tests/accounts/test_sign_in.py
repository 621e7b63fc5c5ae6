from __future__ import annotations

import datetime as dt
import re
import threading
import time

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import TestResponse

from crm.accounts import members, passwords, throttle
from crm.accounts.models import Membership, SignIn, SignInFailure, User
from crm.accounts.services import set_password
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.values import clock
from tests.factories import PASSWORD, Cast, join, make_organization

SENTENCE = "User name and password don&#39;t match"
HTMX = {"HX-Request": "true"}
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def sign_in(
    client: FlaskClient, username: str = "owner", password: str = PASSWORD, address: str = "203.0.113.7", **fields: str
) -> TestResponse:
    return client.post(
        "/login",
        data={"username": username, "password": password, **fields},
        environ_overrides={"REMOTE_ADDR": address},
    )


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account/password").status_code == 200


def rows(app: Flask, model: type[SignIn] | type[SignInFailure]) -> int:
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count(model.id))) or 0


# In and out


@pytest.mark.parametrize("username", ["owner", " OWNER ", "Owner"])
def test_a_right_password_signs_in(client: FlaskClient, cast: Cast, username: str) -> None:
    response = sign_in(client, username)
    assert (response.status_code, response.location) == (303, "/")
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [
        ("owner", "wrong", SENTENCE),
        ("nobody", PASSWORD, SENTENCE),
        ("owner", PASSWORD.upper(), SENTENCE),
        ("owner", PASSWORD + " ", SENTENCE),
        ("owner\x00", "wrong\x00", SENTENCE),
        ("o" * 5000, "p" * 5000, SENTENCE),
        ("' OR 1=1 --", "x", SENTENCE),
        ("", PASSWORD, "Enter your user name."),
        ("owner", "", "Enter your password."),
    ],
)
def test_anything_else_does_not_and_keeps_the_name(
    client: FlaskClient, cast: Cast, username: str, password: str, words: str
) -> None:
    response = sign_in(client, username, password)
    assert response.status_code == 422
    assert words in response.text
    assert "There is a problem" in response.text
    assert PASSWORD not in response.text
    assert not is_signed_in(client)
    if username == "owner":
        assert 'value="owner"' in response.text


def test_signing_out_ends_it_on_the_server(client: FlaskClient, cast: Cast) -> None:
    sign_in(client)
    stolen = client.get_cookie("crm_session")
    assert stolen is not None
    response = client.post("/logout")
    assert (response.status_code, response.location) == (303, "/login")
    client.set_cookie("crm_session", stolen.value)
    assert not is_signed_in(client)


def test_the_database_keeps_no_token_and_no_password(app: Flask, client: FlaskClient, cast: Cast) -> None:
    sign_in(client)
    with client.session_transaction() as session:
        token = session["_user_id"]
    with app.app_context():
        assert token not in db.session.scalars(sa.select(SignIn.token_hash)).all()
        hashes = db.session.scalars(sa.select(User.password_hash)).all()
    assert all(hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for hashed in hashes)


def test_signing_in_gives_a_new_session(client: FlaskClient, cast: Cast) -> None:
    """Neither what a stranger planted in the browser nor an earlier sign-in lives on."""
    with client.session_transaction() as session:
        session["planted"] = "x"
        session["csrf_token"] = "known"
    sign_in(client)
    first = client.get_cookie("crm_session")
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session.get("csrf_token") != "known"
    sign_in(client)
    second = client.get_cookie("crm_session")
    assert first is not None
    assert second is not None
    assert first.value != second.value
    client.set_cookie("crm_session", first.value)
    assert not is_signed_in(client)


@one_database
@pytest.mark.parametrize(
    ("next_url", "location"),
    [
        ("/messages?status=held", "/messages?status=held"),
        ("http://localhost/customers/3", "/customers/3"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_is_on_this_site(client: FlaskClient, cast: Cast, next_url: str, location: str) -> None:
    page = client.get("/login", query_string={"next": next_url})
    hidden = re.search(r'name="next"[^>]*value="([^"]*)"', page.text)
    assert hidden
    assert sign_in(client, next=next_url).location == location
    assert client.get("/login", query_string={"next": next_url}).location == location


def test_a_page_asked_for_without_sign_in_is_shown_after_it(client: FlaskClient, cast: Cast) -> None:
    led = client.get("/settings/users?x=1")
    assert (led.status_code, led.location) == (303, "/login?next=/settings/users?x%3D1")
    page = client.get(led.location)
    hidden = re.search(r'name="next"[^>]*value="([^"]*)"', page.text)
    assert hidden
    assert sign_in(client, next=hidden[1]).location == "/settings/users?x=1"


def test_a_form_sent_after_the_sign_in_ended_leads_back_to_its_page(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    sign_in(client)
    with app.app_context(), transaction() as session:
        session.execute(sa.delete(SignIn))
    referer = {"Referer": "http://localhost/settings/branches/new"}
    plain = client.post("/settings/branches", data={"name": "Kemang"}, headers=referer)
    assert (plain.status_code, plain.location) == (303, "/login?next=/settings/branches/new")
    current = {**HTMX, "HX-Current-URL": "http://localhost/settings/branches?page=2"}
    fragment = client.post("/settings/branches", data={"name": "Kemang"}, headers=current)
    assert fragment.status_code == 401
    assert fragment.headers["HX-Redirect"] == "/login?next=/settings/branches?page%3D2"
    evil = {**HTMX, "HX-Current-URL": "https://evil.example/"}
    assert client.get("/settings/branches", headers=evil).headers["HX-Redirect"] == "/login?next=/"


def test_a_sign_in_ends_by_itself(app: Flask, client: FlaskClient, cast: Cast) -> None:
    sign_in(client)
    with app.app_context(), transaction() as session:
        session.execute(sa.update(SignIn).values(expires_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)))
    assert not is_signed_in(client)
    sign_in(client)
    assert rows(app, SignIn) == 1, "what has ended is cleaned up"


@one_database
def test_a_forged_cookie_is_nothing(client: FlaskClient, cast: Cast) -> None:
    for value in ("", "x", "eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.bbbbbb", "x" * 4000):
        client.set_cookie("crm_session", value)
        assert not is_signed_in(client)
    with client.session_transaction() as session:
        session["_user_id"] = "1"
    assert not is_signed_in(client)


# What changes at the next request


def test_a_new_role_holds_at_the_next_request(app: Flask, cast: Cast) -> None:
    client = cast.manager.client()
    assert client.get("/settings/branches").status_code == 200
    with cast.owner.acting():
        members.change(cast.manager.membership_id, members.Details(Role.STAFF))
    assert client.get("/settings/branches").status_code == 403


def test_a_disabled_user_is_out_at_the_next_request(cast: Cast) -> None:
    client = cast.staff.client()
    assert is_signed_in(client)
    with cast.owner.acting():
        members.disable(cast.staff.membership_id)
    assert client.get("/account/password").location.startswith("/login")
    response = sign_in(client, "staff")
    assert response.status_code == 422
    assert "Your user is disabled. Ask an owner" in response.text
    with cast.owner.acting():
        members.enable(cast.staff.membership_id)
    assert not is_signed_in(client), "an old sign-in does not come back to life"
    assert sign_in(client, "staff").status_code == 303


def test_someone_disabled_here_works_on_elsewhere(app: Flask, cast: Cast) -> None:
    with app.app_context():
        join(cast.staff.user_id, cast.stranger.organization_id, Role.VIEWER)
    client = cast.staff.client()
    with cast.owner.acting():
        members.disable(cast.staff.membership_id)
    assert sign_in(client, "staff").status_code == 303
    assert "Rival" in client.get("/account/password").text
    assert client.post(f"/organizations/{cast.owner.organization_id}/switch").status_code == 404


def test_a_new_password_ends_every_sign_in(app: Flask, cast: Cast) -> None:
    clients = [cast.staff.client(), cast.staff.client()]
    with app.app_context():
        set_password(cast.staff.user_id, "three grey apples")
    assert [is_signed_in(client) for client in clients] == [False, False]


def test_changing_ones_own_password_keeps_this_browser_alone(cast: Cast) -> None:
    here, there = cast.staff.client(), cast.staff.client()
    before = here.get_cookie("crm_session")
    fields = {"current": PASSWORD, "password": "three grey apples"}
    assert here.post("/account/password", data=fields).status_code == 303
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert before is not None
    there.set_cookie("crm_session", before.value)
    assert not is_signed_in(there), "the cookie of before is worth nothing"
    assert sign_in(there, "staff").status_code == 422
    assert sign_in(there, "staff", "three grey apples").status_code == 303


@one_database
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"current": "wrong", "password": "three grey apples"}, "not your current password"),
        ({"current": "", "password": "three grey apples"}, "Enter your current password."),
        ({"current": PASSWORD, "password": "short"}, "at least 10"),
        ({"current": PASSWORD, "password": "password123"}, "easy to guess"),
        ({"current": PASSWORD}, "at least 10"),
    ],
)
def test_a_password_is_not_changed_by_halves(cast: Cast, fields: dict[str, str], words: str) -> None:
    response = cast.staff.client().post("/account/password", data=fields)
    assert response.status_code == 422
    assert words in response.text
    assert sign_in(cast.staff.app.test_client(), "staff").status_code == 303


def test_guessing_ones_present_password_is_throttled_too(cast: Cast) -> None:
    client = cast.staff.client()
    fields = {"current": "wrong", "password": "three grey apples"}
    assert [client.post("/account/password", data=fields).status_code for _ in range(11)] == [422] * 10 + [429]


# Organizations


def test_the_switcher_leads_to_ones_own_organizations_alone(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    assert "/switch" not in client.get("/account/password").text, "there is nothing to switch to"
    with app.app_context():
        second, foreign = make_organization("second"), make_organization("foreign")
        join(cast.owner.user_id, second, Role.VIEWER)
    page = client.get("/account/password").text
    assert f"/organizations/{second}/switch" in page
    assert f"/organizations/{foreign}/switch" not in page
    assert client.post(f"/organizations/{second}/switch").status_code == 303
    assert "Second" in client.get("/account/password").text
    assert client.get("/settings/users").status_code == 403, "the role is that of the organization"
    assert client.post(f"/organizations/{foreign}/switch").status_code == 404
    assert client.post(f"/organizations/{cast.owner.organization_id}/switch").status_code == 303
    assert client.get("/settings/users").status_code == 200


def test_a_sign_in_begins_in_the_organization_joined_first(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with app.app_context():
        join(cast.owner.user_id, cast.stranger.organization_id, Role.OWNER)
    sign_in(client)
    assert "Shop" in client.get("/account/password").text


def test_signed_in_pages_ask_one_question_about_the_user(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    statements: list[str] = []
    with app.app_context():
        engine = db.engine

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    client.get("/account/password")
    sa.event.remove(engine, "before_cursor_execute", note)
    asked = [statement for statement in statements if statement.startswith("SELECT") and "set_config" not in statement]
    assert sum("FROM users" in statement for statement in asked) == 1
    assert len(asked) == 2, "the other counts what is due"


# The throttle


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare passwords without the work of a hash, which is not what is tested here."""
    monkeypatch.setattr(passwords, "matches", lambda hashed, typed: typed == PASSWORD)


@pytest.mark.usefixtures("quick")
def test_ten_failures_close_the_account_for_this_address(client: FlaskClient, cast: Cast) -> None:
    assert [sign_in(client, password="wrong").status_code for _ in range(10)] == [422] * 10
    response = sign_in(client)
    assert response.status_code == 429
    assert "Too many wrong passwords. Wait 5 minutes, then try again." in response.text
    assert 0 < int(response.headers["Retry-After"]) <= 300
    assert 'value="owner"' in response.text
    assert sign_in(client, address="203.0.113.8").status_code == 303, "from elsewhere it is open"
    assert sign_in(client, "manager").status_code == 303, "and others may come in from here"


@pytest.mark.usefixtures("quick")
def test_only_failures_count(client: FlaskClient, cast: Cast) -> None:
    for _ in range(12):
        assert sign_in(client).status_code == 303
    for _ in range(9):
        sign_in(client, password="wrong")
    assert sign_in(client).status_code == 303
    assert [sign_in(client, password="wrong").status_code for _ in range(10)] == [422] * 10


@pytest.mark.usefixtures("quick")
def test_an_attempt_that_was_refused_does_not_lengthen_the_wait(app: Flask, client: FlaskClient, cast: Cast) -> None:
    for _ in range(15):
        sign_in(client, password="wrong")
    assert rows(app, SignInFailure) == 10


@pytest.mark.usefixtures("quick")
def test_the_wait_ends(app: Flask, client: FlaskClient, cast: Cast) -> None:
    for _ in range(11):
        sign_in(client, password="wrong")
    with app.app_context(), transaction() as session:
        oldest = session.scalar(sa.select(sa.func.min(SignInFailure.id)))
        session.execute(
            sa.update(SignInFailure)
            .where(SignInFailure.id == oldest)
            .values(at=dt.datetime.now(dt.UTC) - throttle.WINDOW - dt.timedelta(seconds=1))
        )
    assert sign_in(client).status_code == 303
    assert rows(app, SignInFailure) == 0, "what is past is cleaned up"


@pytest.mark.usefixtures("quick")
def test_fifty_failures_close_the_address(client: FlaskClient, cast: Cast) -> None:
    codes = [sign_in(client, f"user{n}", "wrong").status_code for n in range(51)]
    assert codes == [422] * 50 + [429]
    assert sign_in(client).status_code == 429
    assert sign_in(client, address="203.0.113.8").status_code == 303


@pytest.mark.usefixtures("quick")
def test_a_hundred_failures_close_the_account(client: FlaskClient, cast: Cast) -> None:
    codes = [sign_in(client, "owner", "wrong", f"198.51.100.{n}").status_code for n in range(101)]
    assert codes == [422] * 100 + [429]
    assert sign_in(client, address="192.0.2.1").status_code == 429
    assert sign_in(client, "manager").status_code == 303


@pytest.mark.usefixtures("quick")
def test_a_browser_that_knows_the_account_is_not_locked_out_by_others(app: Flask, cast: Cast) -> None:
    known, other = app.test_client(), app.test_client()
    assert sign_in(known).status_code == 303
    assert sign_in(known, "manager").status_code == 303, "a counter PC knows several"
    for n in range(101):
        sign_in(other, "owner", "wrong", f"198.51.100.{n}")
    assert sign_in(other, address="192.0.2.1").status_code == 429
    assert sign_in(app.test_client(), address="192.0.2.2").status_code == 429
    assert sign_in(known, address="192.0.2.3").status_code == 303
    forged = app.test_client()
    forged.set_cookie("crm_device", "WyJ4IiwieSJd.aaaa.bbbb")
    assert sign_in(forged, address="192.0.2.4").status_code == 429
    codes = [sign_in(known, "owner", "wrong", f"203.0.113.{n}").status_code for n in range(11)]
    assert codes == [422] * 10 + [429], "a stolen cookie guesses no faster"
    cookie = known.get_cookie("crm_device")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_the_throttle_asks_the_databases_clock(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    wrong = clock.utcnow() + dt.timedelta(seconds=ahead)
    monkeypatch.setattr(clock, "utcnow", lambda: wrong)
    assert [sign_in(client, password="wrong").status_code for _ in range(11)] == [422] * 10 + [429]


@pytest.mark.usefixtures("quick")
def test_one_household_is_one_address(client: FlaskClient, cast: Cast) -> None:
    codes = [sign_in(client, "owner", "wrong", f"2001:db8:1:2::{n}").status_code for n in range(1, 12)]
    assert codes == [422] * 10 + [429]


def test_many_at_once_do_not_outrun_the_limit(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    compare = passwords.matches

    def slow(hashed: str, password: str) -> bool:
        compared.append(password)
        time.sleep(0.05)
        return compare(hashed, password)

    monkeypatch.setattr(passwords, "matches", slow)
    threads = [threading.Thread(target=sign_in, args=(app.test_client(), "owner", "wrong")) for _ in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compared) <= 10


@pytest.mark.usefixtures("quick")
def test_a_spoofed_address_does_not_help(app: Flask, cast: Cast) -> None:
    """Only as many hops of X-Forwarded-For are believed as there are trusted proxies; none by default."""
    client = app.test_client()
    for n in range(10):
        client.post("/login", data={"username": "owner", "password": "x"}, headers={"X-Forwarded-For": f"192.0.2.{n}"})
    assert client.post("/login", data={"username": "owner", "password": PASSWORD}).status_code == 429


@one_database
def test_an_unknown_name_takes_as_long_as_a_known_one(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: one comparison of the same cost, whoever is asked for."""
    compared: list[str] = []
    compare = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda hashed, typed: compared.append(hashed) or compare(hashed, typed))
    sign_in(client, "owner", "wrong")
    sign_in(client, "nobody", "wrong")
    known, unknown = compared
    assert known.rpartition("$")[0].rpartition("$")[0] == unknown.rpartition("$")[0].rpartition("$")[0]


# Headers and hosts


@one_database
def test_the_cookie_is_kept_from_scripts_and_other_sites(client: FlaskClient, cast: Cast) -> None:
    cookie = sign_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert "Secure" not in cookie, "on this machine there is no HTTPS"


@one_database
def test_over_https_the_cookie_stays_on_https(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    response = client.post("/login", data={"username": "owner", "password": PASSWORD}, base_url="https://localhost")
    assert "Secure" in response.headers["Set-Cookie"]
    assert "max-age" in response.headers["Strict-Transport-Security"]


@one_database
def test_behind_a_trusted_proxy_https_is_seen(app: Flask, cast: Cast) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    response = app.test_client().post(
        "/login", data={"username": "owner", "password": PASSWORD}, headers={"X-Forwarded-Proto": "https"}
    )
    assert "Secure" in response.headers["Set-Cookie"]


@one_database
def test_a_spoofed_host_appears_nowhere(client: FlaskClient, cast: Cast) -> None:
    spoofed = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    for response in (
        client.get("/login", headers=spoofed),
        client.get("/settings/users", headers=spoofed),
        client.post("/login", data={"username": "owner", "password": PASSWORD}, headers=spoofed),
        client.get("/nothing", headers=spoofed),
    ):
        assert "evil.example" not in response.text
        assert "evil.example" not in str(response.headers)


@one_database
def test_pages_are_not_kept_by_caches_or_framed(client: FlaskClient, cast: Cast) -> None:
    for response in (client.get("/login"), cast.owner.client().get("/settings/users"), client.get("/nothing")):
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


@one_database
def test_a_form_of_another_session_is_refused(app: Flask, cast: Cast) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    one, other = cast.owner.client(), cast.owner.client()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', one.get("/settings/branches/new").text)
    assert token
    fields = {"name": "Kemang", "csrf_token": token[1]}
    assert other.post("/settings/branches", data=fields).status_code == 422, "it is shown again (tests/test_csrf.py)"
    assert one.post("/settings/branches", data=fields).status_code == 303


def test_a_sign_in_without_membership_is_none(app: Flask, client: FlaskClient, cast: Cast) -> None:
    sign_in(client, "staff")
    with app.app_context(), transaction() as session:
        session.execute(sa.delete(Membership).where(Membership.id == cast.staff.membership_id))
    assert not is_signed_in(client)


def test_passwords_and_tokens_are_not_logged(client: FlaskClient, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    sign_in(client, "a password typed as a name", "wrong guess")
    sign_in(client)
    with client.session_transaction() as session:
        token = session["_user_id"]
    assert "sign-in refused" in caplog.text
    assert f"signed in: user {cast.owner.user_id}" in caplog.text
    for secret in (PASSWORD, "wrong guess", "typed as a name", token):
        assert secret not in caplog.text
