"""Phones that have a card register for newer ones and get them; nobody else does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from crm.customer_page.rules import Scope
from crm.customers.services import archive_customer, delete_customer
from crm.kernel.extensions import db
from crm.loyalty.services import change_points
from crm.wallets.models import WalletDevice
from crm.wallets.services import MAX_DEVICES
from tests.customer_page.door import link_of, opened
from tests.factories import Cast, make_customer
from tests.wallets.authority import PASS_TYPE, files_of, openssl_accepts, pass_type, wwdr

DEVICE, PUSH_TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "ab" * 32


@pytest.fixture
def apple(app: Flask) -> Flask:
    """The application with a certificate of a pass type."""
    own = pass_type()
    app.config.update(APPLE_PASS_CERTIFICATE=own.pem, APPLE_PASS_KEY=own.key_pem, APPLE_WWDR_CERTIFICATE=wwdr().der)
    return app


class Phone:
    """A phone with the card of a customer."""

    def __init__(self, app: Flask, made: bytes, device: str = DEVICE) -> None:
        self._client = app.test_client()
        self.card: dict[str, Any] = json.loads(files_of(made)["pass.json"])
        self.base = f"{self.card['webServiceURL'].removeprefix(app.config['PUBLIC_URL'])}/v1"
        self.serial: str = self.card["serialNumber"]
        self.headers = {"Authorization": f"ApplePass {self.card['authenticationToken']}"}
        self.registration = f"{self.base}/devices/{device}/registrations/{PASS_TYPE}/{self.serial}"

    def register(self, **options: Any) -> TestResponse:
        options = {"json": {"pushToken": PUSH_TOKEN}, "headers": self.headers, **options}
        return self._client.post(self.registration, **options)

    def unregister(self, **options: Any) -> TestResponse:
        return self._client.delete(self.registration, **{"headers": self.headers, **options})

    def updated(self, since: str = "") -> TestResponse:
        query = {"passesUpdatedSince": since} if since else {}
        return self._client.get(self.registration.rpartition("/")[0], query_string=query)

    def latest(self, **options: Any) -> TestResponse:
        url = f"{self.base}/passes/{PASS_TYPE}/{self.serial}"
        return self._client.get(url, **{"headers": self.headers, **options})


def phone_of(app: Flask, cast: Cast, customer_id: int) -> Phone:
    answer = opened(app, link_of(cast.owner, customer_id, Scope.CARD)).get("/c/wallet/apple")
    assert (answer.status_code, answer.mimetype) == (200, "application/vnd.apple.pkpass")
    return Phone(app, answer.data)


@pytest.fixture
def siti(cast: Cast) -> int:
    with cast.owner.acting():
        return make_customer(name="Ibu Siti Rahma")


def devices(cast: Cast) -> int:
    with cast.owner.acting():
        return len(db.session.scalars(sa.select(WalletDevice)).all())


def test_the_card_is_offered_and_is_a_pass(apple: Flask, cast: Cast, siti: int, tmp_path: Path) -> None:
    client = opened(apple, link_of(cast.owner, siti, Scope.CARD))
    assert 'href="/c/wallet/apple"' in client.get("/c/card").text
    files = files_of(client.get("/c/wallet/apple").data)
    assert openssl_accepts(files["manifest.json"], files["signature"], tmp_path)
    shown = json.loads(files["pass.json"])
    assert shown["storeCard"]["primaryFields"][0]["value"] == 0
    assert [line["value"] for line in shown["storeCard"]["secondaryFields"]] == ["Bronze", "Siti"]
    code = shown["barcodes"][0]["message"]
    assert code.startswith(f"{apple.config['PUBLIC_URL']}/v/")
    assert "Siti" in cast.staff.client().get(code.removeprefix(apple.config["PUBLIC_URL"])).text
    assert "Rahma" not in files["pass.json"].decode()


def test_without_certificates_there_is_no_button_and_nothing_there(app: Flask, cast: Cast, siti: int) -> None:
    client = opened(app, link_of(cast.owner, siti, Scope.CARD))
    page = client.get("/c/card").text
    assert "Wallet" not in page
    assert client.get("/c/wallet/apple").status_code == 404
    assert client.post("/c/wallet/google").status_code == 404
    base = f"/wallets/apple/{cast.owner.organization_id}/v1"
    assert client.get(f"{base}/passes/{PASS_TYPE}/1-1-00000000").status_code == 404
    assert client.post(f"{base}/log", json={"logs": []}).status_code == 404


def test_a_phone_registers_and_gets_newer_cards(apple: Flask, cast: Cast, siti: int) -> None:
    phone = phone_of(apple, cast, siti)
    assert phone.updated().status_code == 204
    assert [phone.register().status_code for _ in range(2)] == [201, 200]
    first = phone.updated().get_json()
    assert first["serialNumbers"] == [phone.serial]
    assert phone.updated(first["lastUpdated"]).status_code == 204
    with cast.owner.acting():
        change_points(siti, 250, "Cake")
    second = phone.updated(first["lastUpdated"]).get_json()
    assert second["serialNumbers"] == [phone.serial]
    assert phone.updated(second["lastUpdated"]).status_code == 204
    latest = phone.latest()
    assert (latest.status_code, latest.mimetype) == (200, "application/vnd.apple.pkpass")
    newer = json.loads(files_of(latest.data)["pass.json"])
    assert newer["storeCard"]["primaryFields"][0]["value"] == 250
    for same in ("serialNumber", "authenticationToken", "passTypeIdentifier", "webServiceURL"):
        assert newer[same] == phone.card[same]
    assert [phone.unregister().status_code for _ in range(2)] == [200, 200]
    assert phone.updated().status_code == 204
    assert devices(cast) == 0


@pytest.mark.parametrize(
    "authorization", ["", "ApplePass", "ApplePass x", "Bearer {token}", "ApplePass {token}0", "ApplePass \u00e9"]
)
def test_who_does_not_have_the_card_gets_nothing(apple: Flask, cast: Cast, siti: int, authorization: str) -> None:
    phone = phone_of(apple, cast, siti)
    wrong = {"Authorization": authorization.format(token=phone.card["authenticationToken"])}
    assert phone.register(headers=wrong).status_code == 401
    assert phone.unregister(headers=wrong).status_code == 401
    assert phone.latest(headers=wrong).status_code == 401
    assert devices(cast) == 0


def test_a_card_is_good_for_its_own_serial_alone(apple: Flask, cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        other = make_customer(name="Budi")
    mine, theirs = phone_of(apple, cast, siti), phone_of(apple, cast, other)
    assert mine.serial != theirs.serial
    assert theirs.latest(headers=mine.headers).status_code == 401
    rival = cast.stranger.organization_id
    mine.base = f"/wallets/apple/{rival}/v1"
    assert mine.latest().status_code == 401, "nor in another organization"


@pytest.mark.parametrize("sent", [{}, {"json": []}, {"json": {"pushToken": 7}}, {"json": {"pushToken": "x" * 201}}])
def test_a_registration_without_a_token_is_refused(apple: Flask, cast: Cast, siti: int, sent: dict[str, Any]) -> None:
    phone = phone_of(apple, cast, siti)
    assert phone.register(**{"json": None, **sent}).status_code == 400
    assert devices(cast) == 0


def test_who_is_gone_has_a_voided_card_that_says_nothing(apple: Flask, cast: Cast, siti: int) -> None:
    phone = phone_of(apple, cast, siti)
    phone.register()
    before = phone.updated().get_json()["lastUpdated"]
    with cast.owner.acting():
        archive_customer(siti)
    assert phone.updated(before).status_code == 200
    for is_deleted in (False, True):
        if is_deleted:
            with cast.owner.acting():
                delete_customer(siti)
        card = json.loads(files_of(phone.latest().data)["pass.json"])
        assert card["voided"] is True
        assert card["barcodes"] == []
        assert "Siti" not in json.dumps(card)
    assert devices(cast) == 0


def test_a_card_is_on_some_phones_at_most(apple: Flask, cast: Cast, siti: int) -> None:
    phone = phone_of(apple, cast, siti)
    for number in range(MAX_DEVICES + 2):
        phone.registration = f"{phone.base}/devices/d{number}/registrations/{PASS_TYPE}/{phone.serial}"
        assert phone.register().status_code == 201
    assert devices(cast) == MAX_DEVICES


def test_what_phones_say_is_noted(apple: Flask, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    url = f"/wallets/apple/{cast.owner.organization_id}/v1/log"
    client = apple.test_client()
    assert client.post(url, json={"logs": ["The pass is bad.\nforged line"] * 50}).status_code == 200
    lines = [record.getMessage() for record in caplog.records if "pass is bad" in record.getMessage()]
    assert len(lines) == 10
    assert all("\n" not in line for line in lines)
    for nonsense in (b"", b"[]", b"{", b'{"logs": 7}'):
        assert client.post(url, data=nonsense, content_type="application/json").status_code == 200


def test_a_card_stays_good_while_the_secret_key_changes(apple: Flask, cast: Cast, siti: int) -> None:
    phone = phone_of(apple, cast, siti)
    apple.config["SECRET_KEY_FALLBACKS"] = [apple.config["SECRET_KEY"]]
    apple.config["SECRET_KEY"] = "another-key-of-the-tests-0123456789"
    newer = json.loads(files_of(phone.latest().data)["pass.json"])
    assert newer["serialNumber"] == phone.serial
    assert newer["authenticationToken"] == phone.card["authenticationToken"]
    apple.config["SECRET_KEY_FALLBACKS"] = []
    assert phone.latest().status_code == 401
