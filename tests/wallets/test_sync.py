"""Cards in Google Wallet: the link that saves one, and what Google is told when a card changes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customer_page.rules import Scope
from crm.customers.services import archive_customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.loyalty.services import change_points
from crm.values import clock
from crm.wallets import google, jobs, sync
from crm.wallets.models import WalletCard
from crm.wallets.services import KIND
from tests.customer_page.door import link_of, opened
from tests.factories import Cast, make_customer
from tests.wallets.authority import public_pem, service_account

ISSUER = "3388000000012345678"


class Google:
    """Google's API on this machine: it gives tokens for good assertions, and takes changes with such a token."""

    def __init__(self) -> None:
        self.url = ""
        self.tokens = 0
        self.answers: list[int] = []
        self.changes: list[tuple[str, dict[str, Any]]] = []

    def token(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        assert form["grant_type"] == [google.GRANT]
        public = public_pem(service_account()[0])
        claims = jwt.decode(form["assertion"][0], public, ["RS256"], audience=google.TOKEN)
        assert claims["scope"] == google.SCOPE
        self.tokens += 1
        return 200, {"access_token": f"ya29.{self.tokens}", "expires_in": 3600}

    def change(self, path: str, authorization: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if authorization != f"Bearer ya29.{self.tokens}":
            return 401, {}
        if self.answers:
            return self.answers.pop(0), {}
        self.changes.append((path, body))
        return 200, {}


@pytest.fixture
def at_google(app: Flask) -> Iterator[Google]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self._answer(*there.token(parse_qs(self._body().decode())))

        def do_PATCH(self) -> None:
            self._answer(*there.change(self.path, self.headers["Authorization"], json.loads(self._body())))

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def _answer(self, status: int, said: dict[str, Any]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    there = Google()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.url = f"http://127.0.0.1:{server.server_address[1]}"
    app.config.update(
        GOOGLE_WALLET_ISSUER_ID=ISSUER,
        GOOGLE_WALLET_SERVICE_ACCOUNT=service_account()[1],
        GOOGLE_WALLET_TEST_ORIGIN=there.url,
    )
    sync._tokens.clear()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield there
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def siti(cast: Cast) -> int:
    with cast.owner.acting():
        return make_customer(name="Ibu Siti Rahma")


def saved(app: Flask, cast: Cast, customer_id: int) -> dict[str, Any]:
    """Save the customer's card as they do, and return what Google would be told by the link."""
    answer = opened(app, link_of(cast.owner, customer_id, Scope.CARD)).post("/c/wallet/google")
    assert answer.status_code == 200
    link = unescape(re.search(rf'href="({google.SAVE}[^"]+)"', answer.text)[1])  # type: ignore[index]
    token = link.removeprefix(google.SAVE)
    assert len(token) <= 1_800
    options = {"verify_exp": False}
    claims = jwt.decode(token, public_pem(service_account()[0]), ["RS256"], audience="google", options=options)
    return dict(claims["payload"]["loyaltyObjects"][0])


def sync_all(cast: Cast) -> None:
    with cast.owner.app.app_context():
        with cast.owner.acting(), transaction() as session:
            session.execute(sa.update(DueWork).where(DueWork.kind == KIND).values(due_at=clock.utcnow()))
        while jobs.sync_due():
            pass


def test_the_button_leads_to_google_with_the_card(app: Flask, cast: Cast, siti: int, at_google: Google) -> None:
    page = opened(app, link_of(cast.owner, siti, Scope.CARD)).get("/c/card").text
    assert "Google Wallet" in page
    assert "Apple Wallet" not in page
    card = saved(app, cast, siti)
    assert card["loyaltyPoints"]["balance"] == {"int": 0}
    assert [module["body"] for module in card["textModulesData"]] == ["Bronze", "Siti"]
    assert "/v/" in card["barcode"]["value"]


def test_google_is_told_of_changed_points_once(app: Flask, cast: Cast, siti: int, at_google: Google) -> None:
    card = saved(app, cast, siti)
    sync_all(cast)
    assert at_google.changes == [], "nothing changed since it was saved"
    with cast.owner.acting():
        change_points(siti, 120, "Cake")
        change_points(make_customer(), 120, "Cake")
    for _ in range(2):
        sync_all(cast)
    ((path, change),) = at_google.changes
    assert path == f"/walletobjects/v1/loyaltyObject/{card['id']}"
    assert change["loyaltyPoints"]["balance"] == {"int": 120}
    assert change["state"] == "ACTIVE"
    assert at_google.tokens == 1


def test_a_card_of_somebody_who_is_gone_is_inactive(app: Flask, cast: Cast, siti: int, at_google: Google) -> None:
    saved(app, cast, siti)
    with cast.owner.acting():
        archive_customer(siti)
    sync_all(cast)
    ((_, change),) = at_google.changes
    assert change["state"] == "INACTIVE"
    assert "barcode" not in change
    assert "Siti" not in json.dumps(change)


def test_a_failure_is_tried_again_later(app: Flask, cast: Cast, siti: int, at_google: Google) -> None:
    saved(app, cast, siti)
    with cast.owner.acting():
        change_points(siti, 5, "Cake")
    at_google.answers = [503, 429, 401]
    for _ in range(3):
        sync_all(cast)
        assert at_google.changes == []
    sync_all(cast)
    assert len(at_google.changes) == 1
    assert at_google.tokens == 2, "a token that is not taken is replaced"


def test_a_card_that_nobody_saved_is_forgotten_after_a_week(
    app: Flask, cast: Cast, siti: int, at_google: Google
) -> None:
    saved(app, cast, siti)
    for points, left in ((5, 1), (6, 0)):
        with cast.owner.acting():
            change_points(siti, points, "Cake")
        at_google.answers = [404]
        sync_all(cast)
        with cast.owner.acting(), transaction() as session:
            rows = session.scalars(sa.select(WalletCard)).all()
            assert len(rows) == left
            for row in rows:
                row.created_at = clock.utcnow() - sync.UNSAVED_FOR * 2
    with cast.owner.acting():
        sync_all(cast)
        assert db.session.scalars(sa.select(DueWork).where(DueWork.kind == KIND)).all() == []
