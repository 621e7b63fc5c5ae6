"""The link of an invitation by e-mail: sent where that can be, and said where not."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts.models import Organization
from crm.accounts.services import change_organization
from crm.kernel.db import transaction
from crm.user_mail.rules import MAX_INVITATIONS, State
from tests.accounts.test_invitations import path_in
from tests.factories import Cast
from tests.user_mail.mailbox import Mailbox, link_in, text_of

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CITRA = "citra@shop.test"


def invite(client: FlaskClient, **fields: str) -> TestResponse:
    data = {"name": "Citra Dewi", "email": CITRA, "role": "staff", "branch": "", **fields}
    response = client.post("/settings/users", data=data)
    assert response.status_code == 200, response.text
    return response


def test_the_link_goes_by_mail_and_stands_on_the_page(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    client = cast.owner.client()
    answer = invite(client)
    assert f"Being sent to {CITRA}." in answer.text
    letter = mailbox.only()
    assert (letter["To"], letter["Subject"], letter["Auto-Submitted"]) == (CITRA, "Join Shop", "auto-generated")
    assert link_in(letter, "/invitations") == path_in(answer)
    assert f"Sent to {CITRA}." in client.get("/settings/users").text
    assert "Citra" not in text_of(letter), "the owner's note is no text of ours"
    fields = {"username": "citra", "password": "three grey apples"}
    assert app.test_client().post(link_in(letter, "/invitations"), data=fields).status_code == 303


@one_database
def test_a_form_that_is_sent_twice_sends_one_letter(cast: Cast, mailbox: Mailbox) -> None:
    client = cast.owner.client()
    first, second = (invite(client, idempotency_key="k" * 20) for _ in range(2))
    assert path_in(first) == path_in(second)
    assert f"Being sent to {CITRA}." in second.text
    assert len(mailbox.arrived()) == 1


@one_database
def test_without_an_address_nothing_is_sent_or_said(cast: Cast, mailbox: Mailbox) -> None:
    answer = invite(cast.owner.client(), email="")
    assert "e-mailed" not in answer.text
    assert mailbox.arrived() == []


@one_database
def test_it_says_why_nothing_was_sent(cast: Cast, mailbox: Mailbox) -> None:
    client = cast.owner.client()
    mailbox.sink.replies["RCPT"] = "550 5.1.1 no such user"
    invite(client)
    mailbox.work()
    assert "Not e-mailed. There is no such mailbox: 550" in client.get("/settings/users").text
    answer = invite(client, email="root@localhost")
    assert "Not e-mailed. This is no e-mail address" in answer.text
    path_in(answer)
    mailbox.app.config.update(SMTP_HOST="")
    answer = invite(client)
    assert "Not e-mailed. An owner can enter a mail gateway" in answer.text
    path_in(answer)


@one_database
def test_the_test_mode_sends_nothing_and_says_so(cast: Cast, mailbox: Mailbox) -> None:
    """The organization's own gateway goes first, also where the installation has one."""
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"email_gateway": "console"})
    client = cast.owner.client()
    assert "Not e-mailed. The mail gateway is in test mode" in invite(client).text
    assert mailbox.arrived() == []
    assert [row.state for row in mailbox.rows()] == [State.SENT]
    assert "Not e-mailed. The mail gateway is in test mode" in client.get("/settings/users").text


@one_database
def test_an_organizations_own_address_sends_it(cast: Cast, mailbox: Mailbox) -> None:
    with cast.owner.acting():
        values = {"email_gateway": "smtp", "email_from": "Toko <hello@toko.test>", "email_reply_to": "boss@toko.test"}
        change_organization(cast.owner.organization_id, values)
    invite(cast.owner.client())
    letter = mailbox.only()
    assert (letter["From"], letter["Reply-To"]) == ("Toko <hello@toko.test>", "boss@toko.test")
    invite(cast.stranger.client())
    assert mailbox.only()["From"] == "CRM <crm@shop.test>", "the rival's goes by the installation"


@one_database
def test_it_speaks_the_organizations_language(cast: Cast, mailbox: Mailbox) -> None:
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"language": "id"})
    invite(cast.owner.client())
    assert mailbox.only()["Subject"] == "Gabung ke Shop"


@one_database
def test_names_add_no_header_and_no_link(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    with app.app_context(), transaction() as session:
        name = "Win https://evil.test\r\nBcc: all@evil.test"
        session.get_one(Organization, cast.owner.organization_id).name = name
    invite(cast.owner.client(), email=CITRA)
    letter = mailbox.only()
    assert (letter["Bcc"], letter["To"]) == (None, CITRA)
    html = letter.get_body(("html",))
    assert html is not None
    assert html.get_content().count("<a href") == 1
    assert "evil.test" not in text_of(letter)


@one_database
def test_an_owner_is_no_sender_of_bulk_mail(cast: Cast, mailbox: Mailbox) -> None:
    client = cast.owner.client()
    for number in range(MAX_INVITATIONS):
        invite(client, email=f"n{number}@shop.test")
    answer = invite(client)
    assert "Not e-mailed. So many invitations" in answer.text
    path_in(answer)
    assert len(mailbox.arrived()) == MAX_INVITATIONS
