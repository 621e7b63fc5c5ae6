from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts import services
from crm.accounts.models import Membership, Organization, User
from crm.accounts.rules import setup_code
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.programs.server import announce
from tests.conftest import migrate
from tests.factories import Cast
from tests.product import RunningApp, installation, serve
from tests.servers import wait_for

FIELDS = {
    "name": "Toko Kue Sari",
    "phone_region": "ID",
    "time_zone": "Asia/Jakarta",
    "currency": "IDR",
    "locale": "id_ID",
    "username": "ayu",
    "password": "three green apples",
}

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def code(app: Flask) -> str:
    return setup_code(app.config["SECRET_KEY"])


def test_an_empty_installation_leads_to_the_wizard(client: FlaskClient) -> None:
    first = client.get("/")
    assert first.location == "/login?next=/"
    assert client.get(first.location).location == "/setup"
    page = client.get("/setup")
    assert page.status_code == 200
    assert "Set-up code" in page.text


def test_the_code_opens_it_with_the_country_filled_in(client: FlaskClient, code: str) -> None:
    door = client.get("/setup", query_string={"code": code}, headers={"Accept-Language": "id-ID,id;q=0.9"})
    assert f'value="{code}"' in door.text
    assert '<option value="ID" selected>' in door.text
    assert re.search(r'<form method="post" action="/setup/code"', door.text), "a code stands in no log"
    page = client.post("/setup/code", data={"code": code, "country": "ID"}).text
    for value in ("ID", "Asia/Jakarta", "IDR", "id_ID"):
        assert f'<option selected value="{value}">' in page


def test_it_makes_the_organization_and_its_owner_and_signs_in(app: Flask, client: FlaskClient, code: str) -> None:
    response = client.post("/setup", data={**FIELDS, "code": code.upper()})
    assert (response.status_code, response.location) == (303, "/")
    assert "Toko Kue Sari" in client.get("/settings/organization").text
    with app.app_context():
        organization = db.session.scalars(sa.select(Organization)).one()
        membership = db.session.scalars(sa.select(Membership)).one()
        settings = services.settings_of(organization)
        assert {key: settings[key] for key in FIELDS if key in settings} == {
            key: value for key, value in FIELDS.items() if key in settings
        }
        assert (organization.slug, membership.role.label) == ("toko-kue-sari", "owner")
        with use_organization(organization.id):
            assert set(db.session.scalars(sa.select(Event.action))) == {"organization.created", "user.added"}


@pytest.mark.parametrize("code", ["", "0000-0000-0000-0000", "x" * 5000, "\x00"])
def test_a_wrong_code_makes_nothing(app: Flask, client: FlaskClient, code: str) -> None:
    response = client.post("/setup", data={**FIELDS, "code": code})
    assert response.status_code == 422
    assert "This is not the set-up code." in response.text
    assert client.get("/setup", query_string={"code": "nope", "country": "ID"}).status_code == 422
    assert client.post("/setup/code", data={"code": code, "country": "ID"}).status_code == 422
    with app.app_context():
        assert services.installation_is_empty()


def test_codes_are_not_guessed_in_numbers(app: Flask, client: FlaskClient, code: str) -> None:
    guess = {"code": "0000-0000-0000-0000", "country": "ID"}
    codes = [client.post("/setup/code", data=guess).status_code for _ in range(19)]
    codes += [client.post("/setup", data={**FIELDS, **guess}).status_code, client.get("/setup?code=x").status_code]
    assert codes == [422] * 20 + [429]
    late = client.post("/setup/code", data={**guess, "code": code})
    assert late.status_code == 429, "who guesses is not told when it is right"
    assert "Too many wrong links or codes. Wait 5 minutes, then try again." in late.text
    assert client.post("/setup", data={**FIELDS, "code": code}).status_code == 429
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    for _ in range(25):
        right = client.post("/setup/code", data={**guess, "code": code}, environ_overrides=elsewhere)
        assert right.status_code == 200
    assert client.post("/setup", data={**FIELDS, "code": code}, environ_overrides=elsewhere).status_code == 303


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Enter a name"),
        ("time_zone", "Mars/Base", "There is no time zone"),
        ("time_zone", "localtime", "time zone"),
        ("currency", "", "There is no currency"),
        ("phone_region", "XX", "There is no phone region"),
        ("locale", "zz", "There is no locale"),
        ("username", "a b", "without spaces"),
        ("password", "short", "at least 10"),
        ("password", "password123", "easy to guess"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_kept(
    app: Flask, client: FlaskClient, code: str, field: str, value: str, words: str
) -> None:
    response = client.post("/setup", data={**FIELDS, "code": code, field: value})
    assert response.status_code == 422
    assert words in response.text
    assert "There is a problem" in response.text
    if field != "name":
        assert 'value="Toko Kue Sari"' in response.text
    with app.app_context():
        assert services.installation_is_empty()


def test_it_closes_for_ever_once_somebody_can_sign_in(client: FlaskClient, cast: Cast, code: str) -> None:
    for response in (
        client.get("/setup"),
        client.get("/setup", query_string={"code": code, "country": "ID"}),
        client.post("/setup/code", data={"code": code, "country": "ID"}),
        client.post("/setup", data={**FIELDS, "code": code}),
    ):
        assert (response.status_code, response.location) == (303, "/login")
    assert client.get("/login").status_code == 200


def test_two_at_once_make_one_owner(app: Flask, code: str) -> None:
    start = threading.Barrier(6)
    answers: list[tuple[int, str | None]] = []

    def set_up(number: int) -> None:
        client = app.test_client()
        start.wait()
        response = client.post("/setup", data={**FIELDS, "code": code, "username": f"owner{number}"})
        answers.append((response.status_code, response.location))

    threads = [threading.Thread(target=set_up, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [(303, "/"), *[(303, "/login")] * 5]
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(User.id))) == 1
        assert db.session.scalar(sa.select(sa.func.count(Organization.id))) == 1


def test_the_server_prints_the_way_while_it_is_open(
    app: Flask, client: FlaskClient, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(app)
    printed = capsys.readouterr().out
    assert f"{app.config['PUBLIC_URL']}/setup#code={code}" in printed
    client.post("/setup", data={**FIELDS, "code": code})
    announce(app)
    assert capsys.readouterr().out == ""


def test_a_database_without_tables_does_not_stop_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = installation(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path)
    running = serve(environ, tmp_path / "web.log")
    running.web.end()
    assert "set up" not in running.web.output.lower()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_gunicorn_prints_it_once(environ: dict[str, str], tmp_path: Path) -> None:
    migrate(environ["DATABASE_URL"], tmp_path)
    running: RunningApp = serve({**environ, "WEB_CONCURRENCY": "2"}, tmp_path / "web.log")
    try:
        wait_for(lambda: "/setup#code=" in running.web.output, "the way to the wizard is printed")
        assert running.web.output.count("/setup#code=") == 1
    finally:
        running.web.end()


@one_database
@pytest.mark.parametrize(
    ("accepted", "country", "language"),
    [("ur-PK,en;q=0.5", "ID", "ur"), ("", "ID", "id"), ("fr", "PK", "ur"), ("en-US", "ID", "en"), ("", "DE", "en")],
)
def test_the_language_is_the_browsers_or_else_the_countrys(
    client: FlaskClient, code: str, accepted: str, country: str, language: str
) -> None:
    page = client.post("/setup/code", data={"code": code, "country": country}, headers={"Accept-Language": accepted})
    assert re.search(rf'<select[^>]* name="language".*?<option selected value="{language}">', page.text, re.DOTALL)


@one_database
def test_what_they_run_and_speak_is_asked(app: Flask, client: FlaskClient, code: str) -> None:
    page = client.post("/setup/code", data={"code": code, "country": "ID"}).text
    assert "What do you run?" in page
    assert re.search(r'<input checked[^>]* name="trade"[^>]* value="shop"', page)
    client.post("/setup", data={**FIELDS, "code": code, "trade": "restaurant", "language": "id"})
    with app.app_context():
        organization = db.session.scalars(sa.select(Organization)).one()
        assert (organization.trade, organization.language) == ("restaurant", "id")
    assert '<html lang="id"' in client.get("/").text


@one_database
def test_an_unknown_trade_is_refused(client: FlaskClient, code: str) -> None:
    response = client.post("/setup", data={**FIELDS, "code": code, "trade": "bank"})
    assert response.status_code == 422
