"""The webhook: signed, each call once, a verdict on each row."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from crm.intake.models import WebhookCall
from crm.kernel import vault
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.values import clock
from tests.factories import Cast, make_branch
from tests.intake.records import customers

SECRET = "whsec_" + base64.b64encode(b"three green apples, 24 bytes").decode()
URL = "/api/collection/webhook/"

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Sender:
    """Another system that knows the secret."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def headers(self, body: bytes, id_: str, *, secret: str = SECRET, late: float = 0) -> dict[str, str]:
        at = clock.utcnow() + dt.timedelta(seconds=late)
        signature = Webhook(secret).sign(id_, at, body.decode(errors="replace"))
        stamp = str(int(at.timestamp()))
        return {
            "X-Tenant-ID": "shop",
            "webhook-id": id_,
            "webhook-timestamp": stamp,
            "webhook-signature": signature,
            "Content-Type": "application/json",
        }

    def raw(self, body: bytes, id_: str = "msg_1", **options: Any) -> TestResponse:
        changed = options.pop("headers", {})
        headers = {**self.headers(body, id_, **options), **changed}
        return self.app.test_client().post(URL, data=body, headers={k: v for k, v in headers.items() if v is not None})

    def send(self, content: Any, id_: str = "msg_1", **options: Any) -> TestResponse:
        return self.raw(json.dumps(content).encode(), id_, **options)


@pytest.fixture
def sender(app: Flask, cast: Cast) -> Sender:
    with cast.owner.acting(), transaction():
        vault.keep("webhook_secret", SECRET)
    return Sender(app)


def calls(cast: Cast) -> int:
    with cast.owner.acting():
        return db.session.scalars(sa.select(sa.func.count(WebhookCall.id))).one()


def test_one_customer_or_many_and_a_verdict_on_each(cast: Cast, sender: Sender) -> None:
    with cast.owner.acting():
        branch = make_branch()
    one = sender.send({"full_name": "Siti Rahma", "phone": "0812 3456 7890", "branch": branch, "organization": "shop"})
    assert (one.status_code, one.mimetype) == (200, "application/json")
    siti = one.json["results"][0]["customer"]  # type: ignore[index]
    assert one.json == {
        "results": [{"row": 0, "status": "created", "customer": siti, "duplicates": [], "error": None}],
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "refused": 0,
    }
    rows = [
        {"name": "Siti Rahma", "phone": "+6281234567890", "city": "Bandung"},
        {"name": "Budi Santoso", "phone": "0812-3456-7890"},
        {"phone": "0813 1111 2222"},
        "no customer",
        {"name": "Foreign", "organization": cast.stranger.organization_id},
        {"name": "Nowhere", "branch": 10**9},
        {"name": 7},
        {"name": "Siti Rahma", "phone": "+6281234567890", "last_activity": "2020-01-01T00:00:00Z"},
        {"name": "Ayu"},
    ]
    many = sender.send({"customers": rows}, "msg_2")
    assert many.status_code == 200
    results = many.json["results"]  # type: ignore[index]
    assert [row["row"] for row in results] == list(range(len(rows)))
    assert [row["status"] for row in results] == [
        *("updated", "created", "refused", "refused", "refused", "refused", "refused", "unchanged", "created")
    ]
    assert results[1]["duplicates"] == [siti]
    assert [row["error"] for row in results[2:7]] == [
        "Name is required",
        'Send an object, like {"name": "Siti"}.',
        "Tenant not found",
        "branch: There is no branch with this id.",
        "name: Send text.",
    ]
    assert many.json == many.json | {"created": 2, "updated": 1, "unchanged": 1, "refused": 5}  # type: ignore[operator]
    assert customers(cast.owner) == ["Siti Rahma", "Budi Santoso", "Ayu"]
    assert customers(cast.stranger) == []
    with cast.owner.acting():
        assert set(db.session.scalars(sa.select(Event.actor_id))) == {None}


def test_the_same_call_again_changes_nothing_and_is_answered_the_same(cast: Cast, sender: Sender) -> None:
    first = sender.send({"name": "No keys"})
    again = sender.send({"name": "No keys"}, late=-200)
    assert (again.status_code, again.data) == (200, first.data)
    other = sender.send({"name": "Other"})
    assert other.status_code == 409
    assert other.mimetype == "application/problem+json"
    assert customers(cast.owner) == ["No keys"]
    assert calls(cast) == 1
    assert sender.send({"name": "No keys"}, "msg_2").json["created"] == 1  # type: ignore[index]


def test_twenty_at_once_are_one(cast: Cast, sender: Sender) -> None:
    answers: list[TestResponse] = []
    threads = [threading.Thread(target=lambda: answers.append(sender.send({"name": "No keys"}))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    assert customers(cast.owner) == ["No keys"]


def test_nothing_is_taken_that_is_not_signed(cast: Cast, sender: Sender) -> None:
    body = b'{"name": "Forged"}'
    good = sender.headers(body, "msg_1")
    other = "whsec_" + base64.b64encode(b"three green pears, 24 bytes!").decode()
    for wrong in (
        sender.raw(body, secret=other),
        sender.raw(body, late=-310),
        sender.raw(body, late=310),
        sender.raw(body, headers={"webhook-signature": None}),
        sender.raw(body, headers={"webhook-signature": "v1"}),
        sender.raw(body, headers={"webhook-signature": "v1,%%%"}),
        sender.raw(body, headers={"webhook-signature": "v2,x v1,AAAA"}),
        sender.raw(body, headers={"webhook-id": None}),
        sender.raw(body, headers={"webhook-id": "msg_2"}),
        sender.raw(body, headers={"webhook-timestamp": "now"}),
        sender.raw(body, headers={"webhook-timestamp": "nan"}),
        sender.raw(b'{"name": "Other"}', headers=good),
        sender.raw(b"\xff", headers=good),
        sender.raw(body, headers={"X-Tenant-ID": "rival"}),
    ):
        assert wrong.status_code == 401, wrong.text
        assert wrong.json["error"].startswith("The signature does not fit.")  # type: ignore[index]
        assert wrong.headers["WWW-Authenticate"]
    for tenant in (None, "", " "):
        assert sender.raw(body, headers={"X-Tenant-ID": tenant}).json["error"] == "Tenant not found"  # type: ignore[index]
    known = sender.raw(body, headers={"X-Tenant-ID": "rival"})
    for tenant in ("nobody", "99999", "' or 1=1"):
        unknown = sender.raw(body, headers={"X-Tenant-ID": tenant})
        assert (unknown.status_code, unknown.text) == (known.status_code, known.text), "who is there is not told"
    assert customers(cast.owner) == []
    assert calls(cast) == 0
    for secret, tenant in ((SECRET.removeprefix("whsec_"), "shop"), (SECRET, str(cast.owner.organization_id))):
        assert sender.raw(body, secret=secret, headers={"X-Tenant-ID": tenant}).status_code == 200


@only_sqlite
def test_one_of_several_signatures_is_enough(cast: Cast, sender: Sender) -> None:
    body = b'{"name": "Rotated"}'
    good = sender.headers(body, "msg_1")["webhook-signature"]
    assert sender.raw(body, headers={"webhook-signature": f"v1,AAAA {good}"}).status_code == 200


@only_sqlite
def test_without_a_secret_nothing_is_taken(cast: Cast, app: Flask) -> None:
    assert Sender(app).send({"name": "Ayu"}).status_code == 401


@only_sqlite
def test_what_is_no_list_of_customers_is_told(cast: Cast, sender: Sender) -> None:
    for body in (b"", b"{", b"[]", b"7", b'{"customers": {}}', b'{"customers": []}', b'{"customers": null}'):
        answer = sender.raw(body)
        assert answer.status_code == 400, body
        assert answer.mimetype == "application/problem+json"
    many = [{"name": f"Customer {number}"} for number in range(1_001)]
    assert sender.send({"customers": many}).status_code == 400
    assert sender.send({"name": "x"}, "m" * 256).status_code == 400
    assert sender.raw(b'{"name": "' + b"x" * 1024 * 1024 + b'"}').status_code == 413
    assert app_get(sender) == 405
    assert calls(cast) == 0
    assert sender.send({"customers": many[:1_000]}, "m" * 255).json["created"] == 1_000  # type: ignore[index]


def app_get(sender: Sender) -> int:
    return sender.app.test_client().get(URL).status_code


@only_sqlite
def test_too_many_calls_are_told_to_wait(app: Flask, sender: Sender) -> None:
    app.config["API_REQUESTS_PER_MINUTE"] = 3
    answers = [sender.send({"name": "Ayu", "phone": "0812 3456 7890"}, f"msg_{number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["Retry-After"]


def test_old_calls_are_forgotten(cast: Cast, sender: Sender) -> None:
    for number in range(3):
        sender.send({"name": f"Customer {number}"}, f"msg_{number}")
    with cast.owner.acting(), transaction() as session:
        past = clock.utcnow() - dt.timedelta(days=8)
        session.execute(sa.update(WebhookCall).where(WebhookCall.key != "msg_2").values(created_at=past))
    sender.send({"name": "Another"}, "msg_9")
    with cast.owner.acting():
        assert set(db.session.scalars(sa.select(WebhookCall.key))) == {"msg_2", "msg_9"}
