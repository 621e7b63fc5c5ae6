"""Forms from before their reader signed in again: nothing is done, nothing that was typed is lost."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.accounts.models import Branch, Invitation
from crm.customers.models import Customer
from crm.kernel.extensions import db
from tests.factories import PASSWORD, Cast, Person, make_customer, make_token
from tests.test_endpoints import ONE_CLICK, SIGNED, _everything, tries

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HTMX = {"HX-Request": "true"}
AGAIN = "You signed in again since this page was opened. Check it and save."
CUSTOMER = {"name": "Siti <Rahma>", "phone": "0812 3456 7890", "notes": "Likes durian", "sms_allowed": "y"}
READ_ONLY = {"messages.preview", "message_templates.preview"}
"""They answer what a text would look like, by POST for its length."""


@pytest.fixture(autouse=True)
def checked(app: Flask) -> None:
    """Ask for the token, as outside of tests."""
    app.config["WTF_CSRF_ENABLED"] = True


def token_in(response: TestResponse) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', response.text)
    assert found, response.text[:500]
    return found[1]


def old_token(person: Person) -> str:
    """Return a token of another session of the person."""
    return token_in(person.client().get("/customers/new"))


def customers(person: Person) -> list[str]:
    with person.acting():
        return list(db.session.scalars(sa.select(Customer.name)))


def log_in(client: FlaskClient, username: str, **fields: str) -> TestResponse:
    token = token_in(client.get("/login"))
    return client.post("/login", data={"username": username, "password": PASSWORD, "csrf_token": token, **fields})


def test_the_form_comes_back_with_what_was_typed_and_is_saved_then(app: Flask, cast: Cast) -> None:
    browser = app.test_client()
    log_in(browser, "staff")
    opened = browser.get("/customers/new")
    fields = {**CUSTOMER, "csrf_token": token_in(opened), "idempotency_key": "one"}
    browser.post("/logout", data={"csrf_token": fields["csrf_token"]})
    log_in(browser, "staff")
    for _ in range(2):
        answer = browser.post("/customers/new", data=fields)
        assert answer.status_code == 422
        assert AGAIN in answer.text
        for kept in ('value="Siti &lt;Rahma&gt;"', 'value="0812 3456 7890"', "Likes durian"):
            assert kept in answer.text
        assert customers(cast.staff) == []
    fresh = token_in(answer)
    assert fresh != fields["csrf_token"]
    assert browser.post("/customers/new", data={**fields, "csrf_token": fresh}).status_code == 303
    assert customers(cast.staff) == ["Siti <Rahma>"]


def test_a_window_gets_its_form_back_and_the_page_a_token_that_is_good(cast: Cast) -> None:
    client, old = cast.staff.client(), old_token(cast.staff)
    with cast.staff.acting():
        customer_id = make_customer(name="Ani")
    answer = client.post("/customers/new", data={**CUSTOMER, "csrf_token": old}, headers=HTMX)
    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert AGAIN in answer.text
    fresh = json.loads(answer.headers["HX-Trigger"])["freshToken"]
    refused = client.post(f"/customers/{customer_id}/archive", headers={**HTMX, "X-CSRFToken": old})
    assert refused.status_code == 400
    assert "You signed in again since this page was opened. Reload it, then do it once more." in refused.text
    again = json.loads(refused.headers["HX-Trigger"])["freshToken"]
    for token in (fresh, again):
        headers = {**HTMX, "X-CSRFToken": token}
        assert client.post(f"/customers/{customer_id}/archive", headers=headers).status_code == 200


def test_nothing_is_done_by_the_token_of_another_session(app: Flask, cast: Cast) -> None:
    """Every page is tried: it shows its form again, or refuses."""
    attempts = [
        attempt
        for attempt in tries(app)
        if attempt.method == "POST" and attempt.endpoint not in SIGNED | ONE_CLICK and not attempt.is_api
    ]
    urls = [attempt.url(app, cast.owner) for attempt in attempts]
    client, old = cast.owner.client(), old_token(cast.owner)
    before = _everything(app, cast.owner)
    shown = set()
    for attempt, url in zip(attempts, urls, strict=True):
        for headers in ({}, HTMX):
            # What a form would do if it were taken.
            answer = client.post(
                url, data={"csrf_token": old, "name": "X", "body": "X", "action": "activate"}, headers=headers
            )
            if answer.status_code == 422:
                shown.add(attempt.endpoint)
                assert "since this page was opened" in answer.text or "was opened before" in answer.text, attempt
            else:
                expected = 200 if attempt.endpoint in READ_ONLY else 400
                is_on = attempt.endpoint == "accounts.set_up" and answer.location == "/login"
                assert is_on or answer.status_code == expected, (attempt, answer.status_code)
    assert _everything(app, cast.owner) == before
    assert client.get("/").status_code == 200, "who is signed in stays so"
    typed = {"new", "edit", "organization", "messaging", "password", "add_branch", "add_template", "invite"}
    assert {attempt.endpoint for attempt in attempts if attempt.endpoint.partition(".")[2] in typed} <= shown | {
        "duplicates.new"
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_gets_no_form_filled(cast: Cast, headers: dict[str, str]) -> None:
    """A stranger has tokens of sessions of their own."""
    fields = {**CUSTOMER, "csrf_token": old_token(cast.stranger)}
    answer = cast.staff.client().post("/customers/new", data=fields, headers=headers)
    assert (answer.status_code, "Siti" in answer.text) == (400, False)
    assert customers(cast.staff) == []


@pytest.mark.parametrize("token", ["", "x", "IngI.aaaa.bbbb", "\x00"])
def test_what_is_no_token_of_ours_is_refused(cast: Cast, token: str) -> None:
    answer = cast.staff.client().post("/customers/new", data={**CUSTOMER, "csrf_token": token})
    assert (answer.status_code, "too old" in answer.text) == (400, True)


def test_a_sign_in_page_in_a_second_tab_works(app: Flask, cast: Cast) -> None:
    browser = app.test_client()
    second_tab = token_in(browser.get("/login"))
    assert log_in(browser, "staff").status_code == 303
    fields = {"username": "Staff ", "password": PASSWORD, "csrf_token": second_tab, "next": "/leads"}
    answer = browser.post("/login", data=fields)
    assert (answer.status_code, answer.location) == (303, "/leads"), "they are signed in already"
    other = browser.post("/login", data={**fields, "username": "manager"})
    assert other.status_code == 422
    assert "Enter your password once more." in other.text
    assert 'value="manager"' in other.text
    assert PASSWORD not in other.text
    again = browser.post("/login", data={**fields, "username": "manager", "csrf_token": token_in(other)})
    assert (again.status_code, again.location) == (303, "/leads")
    assert browser.get("/settings/branches").status_code == 200


def test_an_invitation_of_an_earlier_session_is_not_taken(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        path = f"/invitations/{make_token()}"
    browser = app.test_client()
    old = token_in(browser.get(path))
    log_in(browser, "stranger")
    answer = browser.post(path, data={"csrf_token": old})
    assert answer.status_code == 422
    assert "signed in as" in answer.text
    with cast.owner.acting():
        assert db.session.scalar(sa.select(sa.func.count(Invitation.id))) == 1
    assert browser.post(path, data={"csrf_token": token_in(answer)}).status_code == 303


def test_a_form_of_another_organization_is_read_again_first(cast: Cast) -> None:
    """Who signed in as somebody else sees where they are before anything is saved."""
    fields = {"name": "Kemang", "csrf_token": old_token(cast.owner)}
    answer = cast.stranger.client().post("/settings/branches", data=fields)
    assert answer.status_code == 422
    assert "Rival" in answer.text
    with cast.stranger.acting():
        assert db.session.scalars(sa.select(Branch.id)).all() == []
