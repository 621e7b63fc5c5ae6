"""What users are told of their account: a sign-in in an unknown browser, a new password."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts.browsers import new_browser
from crm.accounts.services import change_organization
from tests.accounts.test_invitations import invite
from tests.factories import PASSWORD, Cast
from tests.user_mail.mailbox import Mailbox, text_of

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SARI = "sari@shop.test"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(client: FlaskClient, username: str = "staff", password: str = PASSWORD, **headers: str) -> TestResponse:
    fields = {"username": username, "password": password}
    return client.post("/login", data=fields, headers={"User-Agent": FIREFOX, **headers})


def test_a_new_browser_is_told_of_once(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    browser = app.test_client()
    assert sign_in(browser).status_code == 303
    letter = mailbox.only()
    assert (letter["To"], letter["Subject"]) == (SARI, "New sign-in")
    text = " ".join(text_of(letter).split())
    assert "The user staff signed in" in text
    assert "Firefox on Windows" in text
    assert "(Asia/Jakarta), from the address 127.0.0.1." in text
    assert f"{app.config['PUBLIC_URL']}/account/password" in text
    browser.post("/logout")
    assert sign_in(browser).status_code == 303
    assert mailbox.arrived() == [], "it is known now"
    sign_in(app.test_client())
    assert len(mailbox.arrived()) == 1


@one_database
def test_a_browser_is_known_for_each_account(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    counter = app.test_client()
    sign_in(counter, "owner")
    counter.post("/logout")
    sign_in(counter)
    assert len(mailbox.arrived()) == 1


@one_database
def test_a_wrong_password_tells_nobody(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    assert sign_in(app.test_client(), password="wrong apples here").status_code == 422
    assert mailbox.arrived() == []


@one_database
def test_who_has_no_address_gets_nothing_and_signs_in(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    assert sign_in(app.test_client()).status_code == 303
    assert mailbox.rows() == []


@one_database
def test_without_a_gateway_nothing_is_written(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    app.config["SMTP_HOST"] = ""
    assert sign_in(app.test_client()).status_code == 303
    assert mailbox.rows() == []


@one_database
def test_the_organizations_gateway_tells_where_the_installation_has_none(
    app: Flask, cast: Cast, mailbox: Mailbox
) -> None:
    mailbox.confirmed(cast.staff, SARI)
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"email_gateway": "smtp", "email_from": "boss@toko.test"})
    app.config["EMAIL_FROM"] = ""
    sign_in(app.test_client())
    assert mailbox.only()["From"] == "Shop <boss@toko.test>"


@one_database
def test_joining_by_a_link_in_a_new_browser_is_told(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.stranger, SARI)
    path = invite(cast.owner)
    answer = app.test_client().post(path, data={"username": "stranger", "password": PASSWORD})
    assert answer.status_code == 303
    assert [letter["Subject"] for letter in mailbox.arrived()] == ["New sign-in"]


@one_database
def test_nobody_is_flooded_by_sign_ins(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    for _ in range(8):
        assert sign_in(app.test_client()).status_code == 303
    assert len(mailbox.arrived()) == 5
    mailbox.later(hours=25)
    sign_in(app.test_client())
    assert len(mailbox.arrived()) == 1


@one_database
def test_what_a_browser_sends_is_no_text_of_ours(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    sign_in(app.test_client(), **{"User-Agent": "Firefox https://evil.test/ <b>win</b>"})
    assert "evil" not in mailbox.only().as_string()


@one_database
def test_changing_ones_password_is_told_and_the_browser_stays_known(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    browser = app.test_client()
    sign_in(browser)
    mailbox.arrived()
    fields = {"current": PASSWORD, "password": "nine blue plums"}
    assert browser.post("/account/password", data=fields).status_code == 303
    assert mailbox.only()["Subject"] == "Your password was changed"


def test_browsers_are_named() -> None:
    agents = {
        FIREFOX: ("Firefox", "Windows"),
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36": (
            "Chrome",
            "Linux",
        ),
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0": (
            "Edge",
            "Windows",
        ),
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
        "Mobile/15E148 Safari/604.1": ("Safari", "iPhone"),
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 CriOS/140.0 Safari/604.1": (
            "Chrome",
            "iPhone",
        ),
        "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0 Safari/537.36": (
            "Samsung Internet",
            "Android",
        ),
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15": (
            "Safari",
            "macOS",
        ),
        "curl/8.5.0": ("", ""),
        "": ("", ""),
    }
    assert {agent: new_browser(agent, "")[:2] for agent in agents} == agents
