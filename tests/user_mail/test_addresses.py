"""A user's own address: it counts once its link is confirmed, and nobody else can make it count."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import User
from crm.accounts.services import change_organization
from crm.kernel.db import transaction
from crm.user_mail.models import UserLink
from crm.values import clock
from tests.factories import Cast
from tests.user_mail.mailbox import Mailbox, email_of, give, link_in, text_of

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SARI = "sari@shop.test"
ENDED = "This link can&#39;t be opened."


def test_an_address_counts_once_its_link_is_confirmed(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    answer = give(cast.staff.client(), " Sari@Shop.TEST ")
    assert (answer.status_code, answer.location) == (303, "/account/email")
    letter = mailbox.only()
    assert (letter["To"], letter["From"], letter["Subject"]) == (
        SARI,
        "CRM <crm@shop.test>",
        "Confirm your e-mail address",
    )
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "staff" in text_of(letter)
    path = link_in(letter, "/account/email")
    assert path.startswith("/account/email/")
    visitor = app.test_client()
    for _ in range(3):
        page = visitor.get(path)
        assert (page.status_code, SARI in page.text) == (200, True)
        assert page.headers["Referrer-Policy"] == "strict-origin"
    assert email_of(cast.staff) == "", "opening the link changes nothing"
    assert SARI in visitor.post(path).text
    assert email_of(cast.staff) == SARI
    assert (visitor.post(path).status_code, visitor.get(path).status_code) == (404, 404), "it works once"
    assert mailbox.arrived() == [], "there is no former address to tell"


def test_the_links_are_of_the_installation_whatever_host_was_asked_for(cast: Cast, mailbox: Mailbox) -> None:
    for name in ("X-Forwarded-Host", "Host"):
        give(cast.staff.client(), SARI, headers={name: "evil.test"})
    letters = mailbox.arrived()
    assert letters
    for letter in letters:
        assert "evil" not in letter.as_string()
        assert mailbox.app.config["PUBLIC_URL"] in text_of(letter)


def test_the_former_address_is_told(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, "old@shop.test")
    client = cast.staff.client()
    give(client, SARI)
    path = link_in(mailbox.only(), "/account/email")
    assert email_of(cast.staff) == "old@shop.test", "it counts until the new one is confirmed"
    assert "old@shop.test" in client.get("/account/email").text
    app.test_client().post(path)
    letter = mailbox.only()
    assert (letter["To"], letter["Subject"]) == ("old@shop.test", "Your e-mail address was changed")
    assert SARI not in letter.as_string()


def test_an_address_is_removed_and_its_owner_told(cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    assert give(cast.staff.client(), "").status_code == 303
    assert email_of(cast.staff) == ""
    assert mailbox.only()["To"] == SARI


@one_database
def test_it_asks_for_the_password(cast: Cast, mailbox: Mailbox) -> None:
    client = cast.staff.client()
    answer = give(client, SARI, "wrong apples here")
    assert (answer.status_code, "This is not your current password." in answer.text) == (422, True)
    assert SARI in answer.text
    assert give(client, SARI, "").status_code == 422
    for _ in range(12):
        answer = give(client, SARI, "wrong apples here")
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
    assert mailbox.arrived() == []


@one_database
@pytest.mark.parametrize("wrong", ["sari@", "a@b.test\nBcc: x@evil.test", "x" * 300 + "@shop.test", "a b@c.test"])
def test_what_is_no_address_gets_no_mail(cast: Cast, mailbox: Mailbox, wrong: str) -> None:
    answer = give(cast.staff.client(), wrong)
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert mailbox.arrived() == []


@one_database
def test_a_new_link_replaces_the_former_one(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    client = cast.staff.client()
    give(client, "first@shop.test")
    first = link_in(mailbox.only(), "/account/email")
    give(client, SARI)
    second = link_in(mailbox.only(), "/account/email")
    visitor = app.test_client()
    answer = visitor.post(first)
    assert (answer.status_code, ENDED in answer.text) == (404, True)
    assert visitor.post(second).status_code == 200
    assert email_of(cast.staff) == SARI


@one_database
def test_typing_the_present_address_ends_the_waiting_link(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    mailbox.confirmed(cast.staff, SARI)
    client = cast.staff.client()
    give(client, "other@shop.test")
    path = link_in(mailbox.only(), "/account/email")
    assert give(client, SARI).status_code == 303
    assert app.test_client().post(path).status_code == 404
    assert mailbox.arrived() == []


@one_database
def test_a_link_lasts_a_day(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    give(cast.staff.client(), SARI)
    path = link_in(mailbox.only(), "/account/email")
    with app.app_context(), transaction() as session:
        link = session.scalars(sa.select(UserLink)).one()
        assert dt.timedelta(hours=23) < link.expires_at - clock.utcnow() <= dt.timedelta(hours=24)
        assert path.rpartition("/")[2] not in link.token_hash
        link.expires_at = clock.utcnow() - dt.timedelta(seconds=1)
    visitor = app.test_client()
    assert (visitor.get(path).status_code, visitor.post(path).status_code) == (404, 404)
    assert email_of(cast.staff) == ""


@one_database
def test_guessing_is_throttled(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    visitor = app.test_client()
    found = [visitor.post(f"/account/email/{n:043}").status_code for n in range(25)]
    assert (found[0], found[-1]) == (404, 429)


@one_database
def test_two_users_may_have_one_address_and_learn_nothing_of_it(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    """Whose an address is nobody finds out by entering it."""
    mailbox.confirmed(cast.owner, SARI)
    taken, free = give(cast.staff.client(), SARI), give(cast.viewer.client(), "nobody@shop.test")
    assert (taken.status_code, taken.location) == (free.status_code, free.location)
    for letter in mailbox.arrived():
        assert app.test_client().post(link_in(letter, "/account/email")).status_code == 200
    assert email_of(cast.staff) == email_of(cast.owner) == SARI


@one_database
def test_nobody_is_flooded_by_links(cast: Cast, mailbox: Mailbox) -> None:
    client = cast.staff.client()
    answers = [give(client, f"victim{n}@shop.test") for n in range(8)]
    assert [answer.status_code for answer in answers] == [303] * 5 + [422] * 3
    assert "Wait an hour" in answers[-1].text
    assert len(mailbox.arrived()) == 5


@one_database
def test_a_letter_is_in_the_users_language(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    with app.app_context(), transaction() as session:
        session.get_one(User, cast.staff.user_id).language = "id"
    give(cast.staff.client(), SARI)
    assert mailbox.only()["Subject"] == "Konfirmasi alamat email Anda"


@one_database
def test_without_a_gateway_the_page_says_so(cast: Cast) -> None:
    client = cast.staff.client()
    assert "No e-mail can be sent from here yet." in client.get("/account/email").text
    answer = give(client, SARI)
    assert (answer.status_code, "No e-mail can be sent from here" in answer.text) == (422, True)


@one_database
def test_an_organizations_own_gateway_confirms_where_the_installation_has_none(
    app: Flask, cast: Cast, mailbox: Mailbox
) -> None:
    app.config.update(SMTP_HOST="", EMAIL_FROM="")
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"email_gateway": "console"})
    assert give(cast.staff.client(), SARI).status_code == 303
    mailbox.work()
    (row,) = mailbox.rows()
    assert (row.state, row.sealed) == ("sent", "")
    assert give(cast.stranger.client(), SARI).status_code == 422, "the rival has none"
