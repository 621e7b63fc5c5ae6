"""Mail providers on this machine: what they are sent, what their answers mean, and their signed reports."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from standardwebhooks import Webhook
from werkzeug.test import TestResponse

from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.channels.email import EMAIL
from crm.messages.channels.emails import EMAILS
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Attempt
from crm.messages.rules import Status
from crm.messages.services import schedule_message
from crm.messages.suppression_models import OptOutSource, Purpose, Suppression
from crm.opt_outs import services as opt_outs
from crm.values import clock
from tests.messages.shop import Shop

SARI = "sari@shop.test"
SIGNING = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(SIGNING.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
WHSEC = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
SECRETS = {
    "postmark": {"postmark_server_token": "server-token", "postmark_webhook_password": "webhook-password-1"},
    "mailgun": {
        "mailgun_domain": "mg.toko.test",
        "mailgun_api_key": "key-1",
        "mailgun_signing_key": "signing-key",
        "mailgun_region": "eu",
    },
    "sendgrid": {"sendgrid_api_key": "SG.key", "sendgrid_verification_key": PUBLIC},
    "resend": {"resend_api_key": "re_key", "resend_webhook_secret": WHSEC},
}
PROVIDERS = list(SECRETS)


class Api:
    """The API of a mail provider, which refuses what breaks its rules; `answers` decides otherwise."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.answer: tuple[int, Any] | None = None
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, payload, headers = api.take(self.path, self.headers, body)
                text = json.dumps(payload).encode() if payload is not None else b""
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_request(self, code: Any = "-", size: Any = "-") -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def take(self, path: str, headers: Any, body: bytes) -> tuple[int, Any, dict[str, str]]:
        read, accepted = READERS[path]
        self.sent.append(read(headers, body))
        if self.answer is not None:
            return *self.answer, {}
        return accepted


def json_of(headers: Any, body: bytes) -> Any:
    assert headers["Content-Type"] == "application/json"
    return json.loads(body)


def postmark(headers: Any, body: bytes) -> dict[str, Any]:
    said = json_of(headers, body)
    assert headers["X-Postmark-Server-Token"] == "server-token"
    named = {one["Name"]: one["Value"] for one in said["Headers"]}
    assert named["X-PM-KeepID"] == "true"
    return {
        "from": said["From"],
        "to": said["To"],
        "subject": said["Subject"],
        "text": said["TextBody"],
        "html": said["HtmlBody"],
        "id": named["Message-ID"],
        "attempt": said["Metadata"]["attempt"],
    }


def mailgun(headers: Any, body: bytes) -> dict[str, Any]:
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"api:key-1").decode()
    said = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
    found = {name: said[name] for name in ("from", "to", "subject", "text", "html")}
    return found | {"id": said["h:Message-ID"], "attempt": said["v:attempt"]}


def sendgrid(headers: Any, body: bytes) -> dict[str, Any]:
    said = json_of(headers, body)
    assert headers["Authorization"] == "Bearer SG.key"
    sender, (to,) = said["from"], said["personalizations"][0]["to"]
    parts = {part["type"]: part["value"] for part in said["content"]}
    return {
        "from": f"{sender['name']} <{sender['email']}>",
        "to": to["email"],
        "subject": said["subject"],
        "text": parts["text/plain"],
        "html": parts["text/html"],
        "id": said["headers"]["Message-ID"],
        "attempt": said["custom_args"]["attempt"],
    }


def resend(headers: Any, body: bytes) -> dict[str, Any]:
    said = json_of(headers, body)
    assert headers["Authorization"] == "Bearer re_key"
    (tag,) = said["tags"]
    assert headers["Idempotency-Key"] == f"attempt-{tag['value']}"
    found = {name: said[name] for name in ("from", "subject", "text", "html")}
    return found | {"to": said["to"][0], "id": said["headers"]["Message-ID"], "attempt": tag["value"]}


READERS: dict[str, tuple[Callable[[Any, bytes], dict[str, Any]], tuple[int, Any, dict[str, str]]]] = {
    "/email": (postmark, (200, {"To": SARI, "MessageID": "pm-1", "ErrorCode": 0, "Message": "OK"}, {})),
    "/v3/mg.toko.test/messages": (mailgun, (200, {"id": "<mg-1@mg.toko.test>", "message": "Queued."}, {})),
    "/v3/mail/send": (sendgrid, (202, None, {"X-Message-Id": "sg-1"})),
    "/emails": (resend, (200, {"id": "re-1"}, {})),
}
IDS = {"postmark": "pm-1", "mailgun": "mg-1@mg.toko.test", "sendgrid": "sg-1", "resend": "re-1"}


@pytest.fixture
def api(app: Flask) -> Iterator[Api]:
    found = Api()
    app.config.update({f"{name.upper()}_API_BASE": found.url for name in PROVIDERS})
    yield found
    found.server.shutdown()
    found.server.server_close()


def sent(shop: Shop, name: str, to: str = SARI) -> tuple[int, int]:
    """Send an e-mail by a provider; return the ids of the message and of its attempt."""
    shop.set(email_gateway=name, email_from="Toko <hello@toko.test>", **SECRETS[name])
    sari = shop.customer(email=to)
    with shop.inside():
        id_ = schedule_message(sari, EMAIL, "It is ready.", shop.soon(), subject="Your cake").id
    shop.shift(id_, 1)
    shop.work()
    return id_, shop.attempts(id_)[-1].id


@pytest.mark.parametrize("name", PROVIDERS)
def test_an_email_goes_out_and_is_accepted(shop: Shop, api: Api, name: str) -> None:
    id_, attempt = sent(shop, name)
    (letter,) = api.sent
    assert shop.status(id_) is Status.ACCEPTED
    assert shop.attempts(id_)[0].provider_id == IDS[name]
    assert (letter["from"], letter["to"], letter["subject"]) == ("Toko <hello@toko.test>", SARI, "Your cake")
    assert (letter["text"].strip(), letter["id"]) == ("It is ready.", f"<m.{id_}@toko.test>")
    assert letter["attempt"] == str(attempt)
    assert "It is ready." in letter["html"]


REFUSALS = [
    ("postmark", 401, {"ErrorCode": 10, "Message": "Bad token"}, Status.HELD),
    ("postmark", 422, {"ErrorCode": 400, "Message": "No signature"}, Status.HELD),
    ("postmark", 422, {"ErrorCode": 300, "Message": "Invalid To"}, Status.FAILED),
    ("postmark", 422, {"ErrorCode": 406, "Message": "Inactive"}, Status.FAILED),
    ("mailgun", 401, None, Status.HELD),
    ("mailgun", 404, {"message": "Domain not found"}, Status.HELD),
    ("mailgun", 400, {"message": "to parameter is not a valid address"}, Status.FAILED),
    ("sendgrid", 403, {"errors": [{"message": "from address", "field": "from"}]}, Status.HELD),
    ("sendgrid", 400, {"errors": [{"message": "bad", "field": "x"}]}, Status.FAILED),
    ("resend", 401, {"statusCode": 401, "name": "missing_api_key", "message": "Missing"}, Status.HELD),
    ("resend", 422, {"statusCode": 422, "name": "validation_error", "message": "Bad"}, Status.FAILED),
    *((name, 429, {"message": "slow"}, Status.RETRY_WAIT) for name in PROVIDERS),
    *((name, 503, {"message": "trouble"}, Status.UNKNOWN) for name in PROVIDERS if name != "resend"),
]


@pytest.mark.parametrize(("name", "status", "payload", "becomes"), REFUSALS)
def test_a_refusal_decides(shop: Shop, api: Api, name: str, status: int, payload: Any, becomes: Status) -> None:
    api.answer = status, payload
    id_, _ = sent(shop, name)
    assert shop.status(id_) is becomes
    with shop.inside():
        closed = db.session.scalars(sa.select(Suppression.address)).all()
    assert closed == ([SARI] if payload and payload.get("ErrorCode") == 406 else [])


# Reports


def event_of(name: str, attempt: str, kind: str) -> Any:
    """Return the payload that a provider documents for a kind of report, with our reference in it."""
    now = int(time.time())
    if name == "postmark":
        record = {"delivered": "Delivery", "complaint": "SpamComplaint"}.get(kind, "Bounce")
        types = {"hard": "HardBounce", "soft": "SoftBounce", "deferred": "Transient"}
        said = {"RecordType": record, "MessageID": "pm-1", "Metadata": {"attempt": attempt}, "Email": SARI}
        return said | ({"Type": types[kind], "TypeCode": 1} if record == "Bounce" else {})
    if name == "mailgun":
        failed = {"hard": ("permanent", 550), "soft": ("permanent", 552), "deferred": ("temporary", 450)}
        data = {
            "event": {"delivered": "delivered", "complaint": "complained"}.get(kind, "failed"),
            "timestamp": now + 0.5,
        }
        data |= {"user-variables": {"attempt": attempt}, "message": {"headers": {"message-id": "m.1@toko.test"}}}
        if kind in failed:
            data |= {"severity": failed[kind][0], "delivery-status": {"code": failed[kind][1]}}
        token = secrets.token_hex(25)
        signed = hmac.new(b"signing-key", f"{now}{token}".encode(), hashlib.sha256).hexdigest()
        return {"signature": {"timestamp": str(now), "token": token, "signature": signed}, "event-data": data}
    if name == "sendgrid":
        kinds = {"delivered": "delivered", "complaint": "spamreport", "deferred": "deferred"}
        more = {"hard": {"type": "bounce", "status": "5.1.1"}, "soft": {"type": "blocked", "status": "5.7.1"}}
        said = {"email": SARI, "timestamp": now, "event": kinds.get(kind, "bounce"), "attempt": attempt}
        return [said | {"sg_message_id": "sg-1.filter0001", "sg_event_id": kind} | more.get(kind, {})]
    types = {"delivered": "email.delivered", "complaint": "email.complained", "deferred": "email.delivery_delayed"}
    bounce = {"hard": {"type": "Permanent", "subType": "General"}, "soft": {"type": "Transient", "subType": "General"}}
    data = {"email_id": "re-1", "to": [SARI], "tags": {"attempt": attempt}}
    data |= {"bounce": bounce[kind]} if kind in bounce else {}
    return {"type": types.get(kind, "email.bounced"), "created_at": "2026-11-29T10:00:00.000Z", "data": data}


def report(shop: Shop, name: str, payload: Any, *, forged: bool = False, late: int = 0) -> TestResponse:
    raw, stamp, headers = json.dumps(payload), str(int(time.time()) - late), {"Content-Type": "application/json"}
    if name == "postmark":
        password = "another-password-1" if forged else "webhook-password-1"
        headers["Authorization"] = "Basic " + base64.b64encode(f"postmark:{password}".encode()).decode()
    elif name == "mailgun" and forged:
        raw = raw.replace('"signature": "', '"signature": "0')
    elif name == "sendgrid":
        signed = SIGNING.sign(stamp.encode() + raw.encode(), ec.ECDSA(SHA256()))
        headers["X-Twilio-Email-Event-Webhook-Timestamp"] = stamp
        headers["X-Twilio-Email-Event-Webhook-Signature"] = base64.b64encode(signed).decode()
        raw += " " if forged else ""
    elif name == "resend":
        at = dt.datetime.fromtimestamp(int(stamp), dt.UTC)
        headers |= {
            "svix-id": "msg_1",
            "svix-timestamp": stamp,
            "svix-signature": Webhook(WHSEC).sign("msg_1", at, raw),
        }
        raw += " " if forged else ""
    return shop.app.test_client().post(f"/webhooks/{name}", data=raw, headers=headers)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    ("kind", "status", "purpose"),
    [
        ("delivered", Status.DELIVERED, None),
        ("deferred", Status.ACCEPTED, None),
        ("soft", Status.UNDELIVERED, None),
        ("hard", Status.UNDELIVERED, Purpose.ALL),
        ("complaint", Status.DELIVERED, Purpose.MARKETING),
    ],
)
def test_a_report_is_believed(
    shop: Shop, api: Api, name: str, kind: str, status: Status, purpose: Purpose | None
) -> None:
    id_, attempt = sent(shop, name)
    for _ in range(2):  # Mailgun signs each with a token of its own
        assert report(shop, name, event_of(name, str(attempt), kind)).status_code == 200
    assert shop.status(id_) is status
    with shop.inside():
        found = db.session.scalars(sa.select(Suppression)).all()
        assert [(one.address, one.purpose) for one in found] == ([(SARI, purpose)] if purpose else [])


def letters(shop: Shop, days: Sequence[tuple[int, str]]) -> list[OptOutSource]:
    """Send a letter so many days ago, and take what is reported of it; return why the address is closed after each."""
    shop.set(email_gateway="postmark", email_from="hello@toko.test", **SECRETS["postmark"])
    sari, closed = shop.customer(email=SARI), []
    for ago, kind in days:
        with shop.inside():
            id_ = schedule_message(sari, EMAIL, "It is ready.", shop.soon(), subject="Your cake").id
        shop.shift(id_, 1)
        shop.work()
        attempt = shop.attempts(id_)[-1].id
        with shop.inside(), transaction() as session:
            at = clock.utcnow() - dt.timedelta(days=ago)
            session.execute(sa.update(Attempt).where(Attempt.id == attempt).values(started_at=at))
        report(shop, "postmark", event_of("postmark", str(attempt), kind))
        with shop.inside():
            closed = list(db.session.scalars(sa.select(Suppression.source)))
        if closed:
            break
    return closed


@pytest.mark.parametrize(
    ("days", "is_closed"),
    [
        ([(15, "soft"), (7, "soft"), (0, "soft")], True),
        ([(40, "soft"), (30, "delivered"), (20, "soft"), (10, "delivered"), (0, "soft")], True),
        ([(13, "soft"), (7, "soft"), (0, "soft")], False),
        ([(30, "soft"), (0, "soft")], False),
        ([(15, "soft"), (7, "deferred"), (0, "soft")], False),
        ([(50, "soft"), (40, "soft"), (9, "delivered"), (8, "delivered"), (7, "delivered"), (0, "soft")], False),
    ],
)
def test_an_address_whose_mail_comes_back_for_two_weeks_is_closed(
    shop: Shop, api: Api, days: list[tuple[int, str]], is_closed: bool
) -> None:
    assert letters(shop, days) == ([OptOutSource.SOFT_BOUNCE] if is_closed else [])


def test_it_is_open_again_once_mail_arrives(shop: Shop, api: Api) -> None:
    _, attempt = sent(shop, "postmark")
    with shop.inside(), transaction():
        opt_outs.note_down(SARI, EMAILS, OptOutSource.SOFT_BOUNCE)
        opt_outs.note_down("else@shop.test", EMAILS, OptOutSource.SOFT_BOUNCE)
    assert "mail that came back again and again" in shop.browser().get("/settings/opt-outs").text
    report(shop, "postmark", event_of("postmark", str(attempt), "delivered"))
    with shop.inside():
        assert list(db.session.scalars(sa.select(Suppression.address))) == ["else@shop.test"]


@pytest.mark.parametrize("source", [OptOutSource.UNSUBSCRIBE, OptOutSource.COMPLAINT, OptOutSource.STAFF])
@pytest.mark.parametrize("is_first", [True, False])
def test_mail_that_arrives_again_takes_back_no_other_opt_out(
    shop: Shop, api: Api, source: OptOutSource, is_first: bool
) -> None:
    _, attempt = sent(shop, "postmark")
    both = [(OptOutSource.SOFT_BOUNCE, Purpose.ALL), (source, Purpose.MARKETING)]
    for each, purpose in reversed(both) if is_first else both:
        with shop.inside(), transaction():
            opt_outs.note_down(SARI, EMAILS, each, purpose=purpose)
    report(shop, "postmark", event_of("postmark", str(attempt), "delivered"))
    with shop.inside():
        found = db.session.scalars(sa.select(Suppression)).one()
        assert (found.source, found.purpose) == (source, Purpose.ALL)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_forged_report_changes_nothing(shop: Shop, api: Api, name: str) -> None:
    id_, attempt = sent(shop, name)
    payload = event_of(name, str(attempt), "hard")
    assert report(shop, name, payload, forged=True).status_code == 403
    if name in ("sendgrid", "resend"):
        assert report(shop, name, payload, late=301).status_code == 403
    if name == "mailgun":
        payload["signature"]["timestamp"] = str(int(time.time()) - 301)
        assert report(shop, name, payload).status_code == 403
    assert report(shop, name, event_of(name, "999999", "hard")).status_code == 404
    assert shop.status(id_) is Status.ACCEPTED


@pytest.mark.parametrize("name", PROVIDERS)
def test_another_organizations_secret_signs_nothing_of_ours(shop: Shop, stranger: Shop, api: Api, name: str) -> None:
    id_, attempt = sent(shop, name)
    other = {"postmark": "postmark_webhook_password", "resend": "resend_webhook_secret"}.get(name)
    if other is None:
        return
    shop.set(
        **{
            other: "whsec_" + base64.b64encode(b"another-secret-of-24-byt").decode()
            if name == "resend"
            else "a-password-of-ours-1"
        }
    )
    stranger.set(**SECRETS[name])
    assert report(shop, name, event_of(name, str(attempt), "hard")).status_code == 403
    assert shop.status(id_) is Status.ACCEPTED


def test_a_lost_answer_is_not_sent_again_by_a_look_up(shop: Shop, api: Api) -> None:
    api.answer = 503, {"message": "trouble"}
    id_, _ = sent(shop, "resend")
    assert shop.status(id_) is Status.UNKNOWN
    api.answer = None
    shop.look_now(id_)
    shop.work()
    assert shop.status(id_) is Status.UNKNOWN
    assert len(api.sent) == 1


@pytest.mark.parametrize("name", PROVIDERS)
def test_staff_are_told_of_a_complaint_once(shop: Shop, api: Api, name: str) -> None:
    id_, attempt = sent(shop, name)
    for _ in range(2):
        report(shop, name, event_of(name, str(attempt), "complaint"))
    report(shop, name, event_of(name, str(attempt), "delivered"))
    browser = shop.browser()
    inbox, home = browser.get("/inbox").text, browser.get("/").text
    assert inbox.count("Reported a message as spam, and gets no more marketing") == 1
    assert home.count("reported a message as spam, and gets no more marketing") == 1
    assert "Sari" in inbox
    customer = shop.message(id_).customer_id
    timeline = browser.get(f"/customers/{customer}").text.partition('id="timeline-panel"')[2]
    assert timeline.count("Reported a message as spam") == 1
    with shop.inside():
        text = db.session.scalars(sa.select(InboundMessage)).one()
    assert browser.post(f"/inbox/{text.id}/done").status_code == 303
    report(shop, name, event_of(name, str(attempt), "complaint"))
    assert "reported a message as spam" not in browser.get("/").text


@pytest.mark.parametrize("first", ["deferred", "hard"])
def test_a_token_of_mailgun_counts_once(shop: Shop, api: Api, first: str) -> None:
    id_, attempt = sent(shop, "mailgun")
    genuine = event_of("mailgun", str(attempt), first)
    assert report(shop, "mailgun", genuine).status_code == 200
    before, changed = shop.status(id_), event_of("mailgun", str(attempt), "delivered")
    changed["signature"] = genuine["signature"]
    for replayed in (genuine, changed):
        assert report(shop, "mailgun", replayed).status_code == 403
    assert shop.status(id_) is before
    assert report(shop, "mailgun", event_of("mailgun", str(attempt), "delivered")).status_code == 200
    assert shop.status(id_) is Status.DELIVERED


def test_a_token_counts_again_where_the_report_could_not_be_stored(shop: Shop, api: Api) -> None:
    id_, attempt = sent(shop, "mailgun")
    genuine = event_of("mailgun", str(attempt), "hard")
    shop.app.config["PROPAGATE_EXCEPTIONS"] = False
    rename(shop, "reports", "reports_away")
    assert report(shop, "mailgun", genuine).status_code >= 500
    rename(shop, "reports_away", "reports")
    assert report(shop, "mailgun", genuine).status_code == 200
    assert shop.status(id_) is Status.UNDELIVERED


def rename(shop: Shop, before: str, after: str) -> None:
    with shop.app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE {before} RENAME TO {after}"))


MEANT = [
    ("postmark", {"Type": "Transient"}, Status.ACCEPTED),
    ("postmark", {"Type": "DnsError"}, Status.ACCEPTED),
    ("postmark", {"Type": "AutoResponder"}, Status.ACCEPTED),
    ("postmark", {"Type": "BadEmailAddress"}, Status.UNDELIVERED),
    ("mailgun", {"severity": "temporary", "delivery-status": {"code": 550}}, Status.ACCEPTED),
    ("mailgun", {"reason": "suppress-bounce", "delivery-status": {"code": 605}}, Status.FAILED),
    ("sendgrid", {"event": "dropped", "status": "5.0.0", "reason": "Bounced Address"}, Status.FAILED),
    ("sendgrid", {"event": "deferred", "status": "4.2.2"}, Status.ACCEPTED),
    ("sendgrid", {"type": "blocked", "status": "5.1.1"}, Status.UNDELIVERED),
]


@pytest.mark.parametrize(("name", "words", "status"), MEANT)
def test_words_of_providers_mean_what_they_document(
    shop: Shop, api: Api, name: str, words: dict[str, Any], status: Status
) -> None:
    id_, attempt = sent(shop, name)
    payload = event_of(name, str(attempt), "hard")
    inner = {"postmark": lambda: payload, "mailgun": lambda: payload["event-data"], "sendgrid": lambda: payload[0]}
    inner[name]().update(words)
    assert report(shop, name, payload).status_code == 200
    assert shop.status(id_) is status
    with shop.inside():
        closed = db.session.scalars(sa.select(Suppression.source)).all()
    assert closed == ([OptOutSource.BOUNCE] if words.get("Type") == "BadEmailAddress" else [])


def test_a_long_address_that_complains_is_the_customers(shop: Shop, api: Api) -> None:
    long = f"{'s' * 60}@{'shop.' * 10}test"
    _, attempt = sent(shop, "postmark", to=long)
    report(shop, "postmark", event_of("postmark", str(attempt), "complaint"))
    assert "Sari" in shop.browser().get("/inbox").text
