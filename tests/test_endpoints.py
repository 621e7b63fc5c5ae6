"""Every page of the product is tried by everyone: the list comes from the URL map, so a new one can't be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from crm.kernel.columns import Base
from crm.kernel.extensions import db
from crm.kernel.roles import API, Role
from tests.api.contents import content_of
from tests.catalog import PUBLIC, ROLES, SIGNED_IN
from tests.factories import FILL, Cast, Person, owners_of

HTMX = {"HX-Request": "true"}
REFUSED = (401, 403)
WRONG = (404, 405, 500, 503)

SIGNED = frozenset(
    {
        "webhooks.twilio_status",
        "webhooks.twilio_test",
        "webhooks.twilio_inbound",
        "webhooks.whatsapp",
        "webhooks.postmark",
        "webhooks.mailgun",
        "webhooks.sendgrid",
        "webhooks.resend",
        "api_webhook.receive",
        "apple_wallet.register",
        "apple_wallet.unregister",
        "apple_wallet.logs",
    }
)
"""What other systems call: no form's token and no sign-in, but a signature (tests/messages/test_webhooks.py,
tests/wallets/test_web_service.py)."""

ONE_CLICK = frozenset({"unsubscribe.end"})
"""What a mail program calls by a link alone, without a form's token (RFC 8058, tests/consents/test_unsubscribe.py)."""


BY_LINK = frozenset(
    {
        "accounts.invitation",
        "accounts.accept_invitation",
        "customer_page.scanned",
        "referrals.invitation",
        "unsubscribe.ask",
        "unsubscribe.end",
        "user_mail.confirmation",
        "user_mail.confirm",
        "user_mail.new_password",
        "user_mail.set_password",
    }
)
"""Pages for who has the link, whoever they are (tests/accounts/test_invitations.py, tests/customer_page/,
tests/consents/test_unsubscribe.py, tests/user_mail/)."""


class Try(NamedTuple):
    """One way to call an endpoint."""

    endpoint: str
    method: str
    rule: Rule

    def url(self, app: Flask, person: Person) -> str:
        """Return the URL with ids of fresh rows of the person's organization."""
        with person.acting():
            ids = {name: _make(name, self, person) for name in sorted(self.rule.arguments)}
            ids |= owners_of(ids)
        with app.test_request_context():
            return str(app.url_for(self.endpoint, **ids))

    def by(self, person: Person, url: str, **options: Any) -> TestResponse:
        """Let a person call it: an operation of the API with their token and what it takes, a page with nothing."""
        if not self.is_api:
            return call(person.client(), self.method, url, **options)
        headers = {**options.pop("headers", {}), **person.token()}
        return call(person.app.test_client(), self.method, url, headers=headers, **options, **self.content())

    def content(self) -> dict[str, Any]:
        """Return what an operation of the API takes."""
        return content_of(self.endpoint) if self.is_api and self.method in ("POST", "PUT", "PATCH") else {}

    @property
    def is_api(self) -> bool:
        """Whether it is an operation of the API."""
        return self.endpoint.startswith(API)


def _make(name: str, attempt: Try, person: Person) -> Any:
    if name == "organization_id":
        return person.organization_id
    if name not in FILL:
        pytest.fail(f"{attempt.rule} has a {name}: say in FILL of tests/factories.py how to make one.", pytrace=False)
    return FILL[name]()


def tries(app: Flask) -> Iterator[Try]:
    """Yield every endpoint and method of the product."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield Try(rule.endpoint, method, rule)


def call(client: FlaskClient, method: str, url: str, **options: object) -> TestResponse:
    """Send a request without content."""
    return client.open(url, method=method, **options)  # type: ignore[arg-type]


def test_every_endpoint_has_a_role(app: Flask) -> None:
    missing = {rule.endpoint for rule in app.url_map.iter_rules()} - PUBLIC - SIGNED_IN - set(ROLES)
    assert not missing, f"say in crm/accounts/roles.py who may use {', '.join(sorted(missing))}"


def test_the_table_names_no_endpoint_that_is_gone(app: Flask) -> None:
    assert set(app.view_functions) == PUBLIC | SIGNED_IN | set(ROLES)


def test_no_endpoint_has_two_roles() -> None:
    assert not PUBLIC & SIGNED_IN
    assert not (PUBLIC | SIGNED_IN) & set(ROLES)


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.label)
def test_each_role_is_let_in_and_kept_out_as_the_table_says(app: Flask, cast: Cast, role: Role) -> None:
    person = next(person for person in cast.of_shop() if person.role is role)
    found = {}
    for attempt in tries(app):
        if attempt.endpoint in ROLES:
            response = attempt.by(person, attempt.url(app, person))
            found[attempt.endpoint, attempt.method] = _verdict(response)
    assert found == {
        (attempt.endpoint, attempt.method): "let in" if role >= ROLES[attempt.endpoint] else "kept out"
        for attempt in tries(app)
        if attempt.endpoint in ROLES
    }


def test_a_stranger_finds_nothing_and_changes_nothing(app: Flask, cast: Cast) -> None:
    attempts = [
        attempt for attempt in tries(app) if attempt.rule.arguments and attempt.endpoint not in SIGNED | BY_LINK
    ]
    urls = [attempt.url(app, cast.owner) for attempt in attempts]
    before = _everything(app, cast.owner)
    found = {}
    for attempt, url in zip(attempts, urls, strict=True):
        for headers in ({}, HTMX):
            response = attempt.by(cast.stranger, url, headers=headers)
            found[attempt.endpoint, attempt.method, bool(headers)] = response.status_code
    assert found == dict.fromkeys(found, 404)
    assert found
    assert _everything(app, cast.owner) == before


def test_who_is_not_signed_in_is_led_to_the_sign_in(app: Flask, cast: Cast) -> None:
    for attempt in tries(app):
        if attempt.endpoint not in PUBLIC and not attempt.is_api:
            url = attempt.url(app, cast.owner)
            page = call(app.test_client(), attempt.method, url)
            assert (page.status_code, page.location.partition("?")[0]) == (303, "/login"), attempt
            fragment = call(app.test_client(), attempt.method, url, headers=HTMX)
            assert (fragment.status_code, fragment.headers["HX-Redirect"].partition("?")[0]) == (401, "/login"), attempt


def test_the_api_knows_nobody_without_a_token_and_no_browser_by_its_session(app: Flask, cast: Cast) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    attempts = [attempt for attempt in tries(app) if attempt.endpoint not in PUBLIC and attempt.is_api]
    urls = [attempt.url(app, cast.owner) for attempt in attempts]
    before = _everything(app, cast.owner)
    for attempt, url in zip(attempts, urls, strict=True):
        for client in (app.test_client(), cast.owner.client()):
            response = call(client, attempt.method, url, **attempt.content())
            assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer realm=api"), attempt
    assert attempts
    assert _everything(app, cast.owner) == before


def test_pages_know_nobody_by_a_token(app: Flask, cast: Cast) -> None:
    response = app.test_client().get("/customers/new", headers=cast.owner.token())
    assert (response.status_code, response.location.partition("?")[0]) == (303, "/login")


def test_no_form_is_taken_without_its_token(app: Flask, cast: Cast) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    attempts = [
        attempt
        for attempt in tries(app)
        if attempt.method == "POST" and attempt.endpoint not in SIGNED | ONE_CLICK and not attempt.is_api
    ]
    urls = [attempt.url(app, cast.owner) for attempt in attempts]
    client, before = cast.owner.client(), _everything(app, cast.owner)
    for attempt, url in zip(attempts, urls, strict=True):
        response = call(client, "POST", url)
        assert (response.status_code, "too old" in response.text) == (400, True), attempt
    assert attempts
    assert _everything(app, cast.owner) == before


def test_what_other_systems_call_is_refused_without_a_signature(app: Flask, cast: Cast) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    for attempt in tries(app):
        if attempt.endpoint in SIGNED and not attempt.endpoint.startswith("apple_wallet."):  # no certificates, no cards
            url = attempt.url(app, cast.owner)
            before = _everything(app, cast.owner)
            for client in (app.test_client(), cast.owner.client(), cast.stranger.client()):
                response = client.post(url, json={"entry": []}, headers={"X-Tenant-ID": "shop"})
                assert response.status_code == (401 if attempt.is_api else 403), attempt
            assert _everything(app, cast.owner) == before, attempt


def test_unknown_ids_and_pages_are_not_found(app: Flask, cast: Cast) -> None:
    for id_ in ("0", "-1", "999999999999999999", "9" * 30, "1e3", "%00", "abc"):
        for attempt in tries(app):
            if len(attempt.rule.arguments) == 1:
                prefix, _, suffix = attempt.rule.rule.partition("<")
                url = f"{prefix}{id_}{suffix.partition('>')[2]}"
                assert attempt.by(cast.owner, url).status_code == 404, url


def _verdict(response: TestResponse) -> str:
    if response.status_code in WRONG:
        return f"{response.status_code}: {response.request.path}"
    return "kept out" if response.status_code in REFUSED else "let in"


def _everything(app: Flask, person: Person) -> dict[str, list[sa.Row[tuple[object, ...]]]]:
    with person.acting():
        rows = {}
        for table in Base.metadata.sorted_tables:
            if table.name not in ("sign_ins", "sign_in_failures", "token_families"):
                told = [column for column in table.columns if column.name != "seen_at"]  # signing in sets it
                statement = sa.select(*told).order_by(*table.primary_key).execution_options(all_organizations=True)
                rows[table.name] = list(db.session.execute(statement))
        return rows
