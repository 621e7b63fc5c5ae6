"""A new password by a link: for whose confirmed address it is, once, within an hour, and for nobody else."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts import members
from crm.accounts.models import User
from crm.accounts.services import change_organization
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.user_mail.models import PasswordRequest, UserLink
from crm.values import clock
from tests.factories import PASSWORD, Cast, Person, make_token
from tests.user_mail.mailbox import Mailbox, give, link_in, text_of

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SARI = "sari@shop.test"
NEW = "seven yellow pears"


def ask(app: Flask, who: str, **options: Any) -> TestResponse:
    return app.test_client().post("/password/forgotten", data={"who": who}, **options)


def link_of(mailbox: Mailbox, who: str) -> str:
    assert ask(mailbox.app, who).status_code == 303
    return link_in(mailbox.only(), "/password/new")


def choose(app: Flask, path: str, password: str = NEW) -> TestResponse:
    return app.test_client().post(path, data={"password": password})


def can_sign_in(app: Flask, person: Person, password: str) -> bool:
    answer = app.test_client().post("/login", data={"username": person.username, "password": password})
    return answer.status_code == 303


def works(client: FlaskClient) -> bool:
    return client.get("/account/password").status_code == 200


def test_a_link_changes_the_password_once(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    phone, api = cast.staff.client(), cast.staff.token()
    answer = ask(app, "Staff")
    assert (answer.status_code, answer.location) == (303, "/password/forgotten?asked=1")
    assert "such a user" in app.test_client().get(answer.location).text
    letter = mailbox.only()
    assert (letter["To"], letter["Subject"], letter["Auto-Submitted"]) == (
        SARI,
        "Choose a new password",
        "auto-generated",
    )
    path = link_in(letter, "/password/new")
    for _ in range(3):
        page = app.test_client().get(path)
        assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "strict-origin")
    assert can_sign_in(app, cast.staff, PASSWORD), "opening the link changes nothing"
    answer = choose(app, path)
    assert (answer.status_code, answer.location) == (303, "/login")
    assert can_sign_in(app, cast.staff, NEW)
    assert not can_sign_in(app, cast.staff, PASSWORD)
    assert not works(phone), "all sign-ins have ended"
    assert app.test_client().get("/api/customers/", headers=api).status_code == 401
    told = mailbox.arrived()
    assert (SARI, "Your password was changed") in [(one["To"], one["Subject"]) for one in told]
    assert choose(app, path, "eight yellow pears").status_code == 404
    assert app.test_client().get(path).status_code == 404


def test_an_address_is_as_good_as_a_name(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    mailbox.confirmed(cast.stranger, SARI)
    ask(app, " SARI@shop.test ")
    letters = mailbox.arrived()
    assert [letter["To"] for letter in letters] == [SARI, SARI]
    assert ["user staff " in text_of(letter) for letter in letters] == [True, False]
    assert choose(app, link_in(letters[0], "/password/new")).status_code == 303
    assert can_sign_in(app, cast.staff, NEW)
    assert can_sign_in(app, cast.stranger, PASSWORD), "a user of another organization keeps theirs"


def test_the_answer_is_the_same_whoever_is_meant(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    """The page reads no user at all: what it does cannot take longer for one who exists."""
    mailbox.confirmed(cast.staff, SARI)
    app.test_client().get("/password/forgotten")
    found = {}
    for who in ("staff", SARI, "viewer", "nobody", "nobody@shop.test", "three green apples", "' OR 1=1 --", "%"):
        statements: list[str] = []
        with app.app_context():
            engine = db.engine
        listen = lambda *args, seen=statements: seen.append(args[2])  # noqa: E731 -- a listener of this turn
        sa.event.listen(engine, "before_cursor_execute", listen)
        answer = ask(app, who)
        sa.event.remove(engine, "before_cursor_execute", listen)
        headers = {name: value for name, value in answer.headers if name not in ("Date", "Set-Cookie")}
        found[who] = (answer.status_code, answer.text, headers, statements)
        assert not any("users" in statement for statement in statements)
    assert len({repr(one) for one in found.values()}) == 1
    assert [letter["To"] for letter in mailbox.arrived()] == [SARI, SARI]
    with app.app_context():
        assert db.session.scalars(sa.select(PasswordRequest)).all() == []


@one_database
def test_what_was_typed_is_kept_by_nobody(app: Flask, cast: Cast, mailbox: Mailbox, caplog: Any) -> None:
    """People type passwords into the wrong field."""
    ask(app, PASSWORD)
    with app.app_context():
        (row,) = db.session.scalars(sa.select(PasswordRequest))
        assert PASSWORD not in row.sealed
    mailbox.work()
    assert PASSWORD not in caplog.text


@one_database
def test_an_unconfirmed_address_gets_none(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    give(cast.staff.client(), SARI)
    mailbox.arrived()
    ask(app, "staff")
    ask(app, SARI)
    assert mailbox.arrived() == []


@one_database
def test_who_was_disabled_gets_none_and_an_old_link_opens_nothing(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    path = link_of(mailbox, "staff")
    with cast.owner.acting():
        members.disable(cast.staff.membership_id)
    assert app.test_client().get(path).status_code == 404
    assert choose(app, path).status_code == 404
    ask(app, "staff")
    assert mailbox.arrived() == []


@one_database
def test_who_came_from_a_backup_gets_none(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    """They have no password before an owner lets them in; an archive may be made up."""
    mailbox.confirmed(cast.staff, SARI)
    with app.app_context(), transaction() as session:
        session.get_one(User, cast.staff.user_id).password_hash = ""
    ask(app, "staff")
    assert mailbox.arrived() == []


@one_database
def test_a_link_lasts_an_hour(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    path = link_of(mailbox, "staff")
    with app.app_context(), transaction() as session:
        link = session.scalars(sa.select(UserLink)).one()
        assert link.expires_at - clock.utcnow() <= dt.timedelta(hours=1)
        assert path.rpartition("/")[2] not in link.token_hash
        link.expires_at = clock.utcnow() - dt.timedelta(seconds=1)
    assert choose(app, path).status_code == 404
    assert can_sign_in(app, cast.staff, PASSWORD)


@one_database
def test_a_letter_that_comes_after_the_hour_is_not_sent(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    mailbox.sink.replies["RCPT"] = "451 4.3.0 later"
    ask(app, "staff")
    mailbox.work()
    mailbox.sink.replies.clear()
    mailbox.later(minutes=61)
    assert mailbox.arrived() == []


@one_database
@pytest.mark.parametrize("how", ["changed", "reset by an owner", "another address", "asked again"])
def test_what_happens_meanwhile_ends_the_link(app: Flask, cast: Cast, mailbox: Mailbox, how: str) -> None:
    mailbox.confirmed(cast.staff, SARI)
    path = link_of(mailbox, "staff")
    if how == "changed":
        fields = {"current": PASSWORD, "password": "nine blue plums"}
        assert cast.staff.client().post("/account/password", data=fields).status_code == 303
    elif how == "reset by an owner":
        url = f"/settings/users/{cast.staff.membership_id}/password"
        assert cast.owner.client().post(url, data={"password": "nine blue plums"}).status_code == 303
    elif how == "another address":
        mailbox.confirmed(cast.staff, "other@shop.test")
    else:
        ask(app, "staff")
        mailbox.work()
    assert choose(app, path).status_code == 404


@one_database
def test_a_new_password_ends_what_a_thief_of_the_old_one_began(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    """An address that was asked for with the old password can't be confirmed any more, nor an invitation taken."""
    mailbox.confirmed(cast.owner, SARI)
    give(cast.owner.client(), "thief@evil.test")
    with cast.owner.acting():
        invitation = f"/invitations/{make_token()}"
    thiefs = next(letter for letter in mailbox.arrived() if letter["To"] == "thief@evil.test")
    assert choose(app, link_of(mailbox, "owner")).status_code == 303
    assert app.test_client().post(link_in(thiefs, "/account/email")).status_code == 404
    assert app.test_client().get(invitation).status_code == 404


@one_database
def test_a_weak_password_is_refused_and_the_link_still_works(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    path = link_of(mailbox, "staff")
    for weak in ("", "short", "password123", "staff staff staff"):
        answer = choose(app, path, weak)
        assert (answer.status_code, 'id="password-error"' in answer.text) == (422, True), weak
    assert choose(app, path).status_code == 303


@one_database
def test_a_thousand_requests_send_three_letters(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    answers = [
        ask(app, "staff", environ_base={"REMOTE_ADDR": f"10.1.{n // 250}.{n % 250 + 1}"}).status_code
        for n in range(1_000)
    ]
    assert set(answers) == {303}
    assert len(mailbox.arrived()) == 3
    mailbox.later(minutes=61)
    ask(app, "staff")
    assert len(mailbox.arrived()) == 1, "after an hour there is a next one"


@one_database
def test_one_address_asks_twenty_times(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    answers = [ask(app, f"nobody{n}") for n in range(25)]
    assert [answer.status_code for answer in answers] == [303] * 20 + [429] * 5
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert can_sign_in(app, cast.staff, PASSWORD), "they can still sign in"


@one_database
def test_guessing_a_link_is_throttled(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    found = [choose(app, f"/password/new/{n:043}").status_code for n in range(25)]
    assert (found[0], found[-1]) == (404, 429)


@one_database
def test_links_are_of_the_installation_whatever_host_was_asked(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    for name in ("Host", "X-Forwarded-Host", "Forwarded"):
        ask(app, "staff", headers={name: "host=evil.test" if name == "Forwarded" else "evil.test"})
    letters = mailbox.arrived()
    assert letters
    assert not any("evil" in letter.as_string() for letter in letters)


@one_database
def test_no_organizations_gateway_brings_a_link(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    """Whoever owns the gateway reads what goes through it, and would get into the user's other organizations."""
    mailbox.confirmed(cast.staff, SARI)
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"email_gateway": "smtp", "email_from": "boss@toko.test"})
    ask(app, "staff")
    assert mailbox.only()["From"] == "CRM <crm@shop.test>"
    app.config["EMAIL_FROM"] = ""
    assert ask(app, "staff").status_code == 404
    assert "/password/forgotten" not in app.test_client().get("/login").text


@one_database
def test_the_sign_in_page_offers_it_where_it_can_be(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    visitor = app.test_client()
    assert 'href="/password/forgotten"' in visitor.get("/login").text
    assert 'name="who"' in visitor.get("/password/forgotten").text
    app.config["SMTP_HOST"] = ""
    page = visitor.get("/login").text
    assert "/password/forgotten" not in page
    assert "Ask the owner to set a new one." in page
    assert 'name="who"' not in visitor.get("/password/forgotten").text


@one_database
def test_an_empty_form_says_what_to_enter(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    answer = ask(app, " ")
    assert (answer.status_code, "Enter your user name or e-mail address." in answer.text) == (422, True)


@one_database
def test_an_owners_reset_is_told_too(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    url = f"/settings/users/{cast.staff.membership_id}/password"
    assert cast.owner.client().post(url, data={"password": NEW}).status_code == 303
    assert mailbox.only()["Subject"] == "Your password was changed"


def test_many_at_once_use_a_link_once(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    path = link_of(mailbox, "staff")
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda n: choose(app, path, f"{NEW} {n}").status_code, range(6)))
    assert sorted(answers) == [303] + [404] * 5
    assert sum(can_sign_in(app, cast.staff, f"{NEW} {n}") for n in range(6)) == 1
