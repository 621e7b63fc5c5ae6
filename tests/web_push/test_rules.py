"""Which addresses are called, who we say we are, and what answers mean."""

from __future__ import annotations

import datetime as dt
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from crm.web_push import rules, vapid
from crm.web_push.encryption import MAX_TEXT
from crm.web_push.rules import Answer, is_push_service, meaning, pause_after, read_subscription
from tests.web_push.push_service import Browser, b64, unb64

NOW = dt.datetime(2026, 11, 29, 12, 0, tzinfo=dt.UTC)

PUSH_SERVICES = (
    "https://fcm.googleapis.com/fcm/send/cX7:APA91b_-x",
    "https://fcm.googleapis.com/wp/cX7",
    "https://fcm.googleapis.com:443/fcm/send/c",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
    "https://web.push.apple.com/QGuQyavXutnMH",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAB%2f",
)

NO_PUSH_SERVICES = (
    "",
    "fcm.googleapis.com",
    "http://fcm.googleapis.com/fcm/send/c",
    "ftp://fcm.googleapis.com/x",
    "HTTPS://fcm.googleapis.com/x",
    "https://fcm.googleapis.com",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:80/x",
    "https://fcm.googleapis.com:/x",
    "https://fcm.googleapis.com./x",
    "https://FCM.googleapis.com/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://evil-fcm.googleapis.com/x",
    "https://a.fcm.googleapis.com/x",
    "https://fcm.googleapis.com@evil.example/x",
    "https://evil.example/fcm.googleapis.com/x",
    "https://evil.example#fcm.googleapis.com/x",
    "https://evil.example\\.push.apple.com/x",
    "https://evil.example/x?.push.apple.com",
    "https://push.apple.com/x",
    "https://xpush.apple.com/x",
    "https://push.services.mozilla.com.evil.example/x",
    "https://.push.apple.com/x",
    "https://a..push.apple.com/x",
    "https://user:secret@web.push.apple.com/x",
    "https://web.push.apple.com/x\r\nHost: evil",
    "https://web.push.apple.com/x y",
    "https://web.push.apple.com/\u0661",
    "https://w\u0435b.push.apple.com/x",
    "https://web.push.apple.com/x#y",
    "https://web.push.apple.com/" + "x" * 1_000,
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/x",
    "http://127.0.0.1:9/x",
    "file:///etc/passwd",
)


@pytest.mark.parametrize("endpoint", PUSH_SERVICES)
def test_push_services_are_called(endpoint: str) -> None:
    assert is_push_service(endpoint)


@pytest.mark.parametrize("endpoint", NO_PUSH_SERVICES)
def test_nobody_else_is_called(endpoint: str) -> None:
    assert not is_push_service(endpoint)


def test_a_test_may_allow_one_address_of_its_own_machine() -> None:
    assert is_push_service("http://127.0.0.1:4321/x", "http://127.0.0.1:4321")
    assert not is_push_service("http://127.0.0.1:4322/x", "http://127.0.0.1:4321")
    assert not is_push_service("http://evil.example:4321/x", "http://evil.example:4321")
    assert not is_push_service("http://127.0.0.1:4321@evil.example/x", "http://127.0.0.1:4321")


def test_a_subscription_is_read_as_browsers_give_it() -> None:
    browser = Browser(PUSH_SERVICES[0])
    assert read_subscription(**browser.form) == (browser.endpoint, browser.p256dh, browser.auth)
    padded = {**browser.form, "auth": browser.form["auth"] + "=="}
    assert read_subscription(**padded).auth == browser.auth


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "https://evil.example/x"},
        {"p256dh": ""},
        {"p256dh": b64(b"\x04" + bytes(64))},
        {"p256dh": b64(b"\x02" + bytes(32))},
        {"p256dh": "BP4z+/"},
        {"auth": ""},
        {"auth": b64(bytes(15))},
        {"auth": "ä" * 22},
        {"auth": "A" * 10_000},
    ],
)
def test_a_subscription_that_cannot_be_used_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="not"):
        read_subscription(**{**Browser(PUSH_SERVICES[0]).form, **wrong})


def test_the_header_says_for_whom_and_until_when() -> None:
    keys = vapid.read_keys(vapid.new_private_key(), "mailto:owner@shop.example")

    header = vapid.authorization(keys, "https://web.push.apple.com:443/abc?d", NOW)

    scheme, token, key = header.replace(",", "").split(" ")
    assert (scheme, key) == ("vapid", f"k={keys.public}")
    point = unb64(keys.public)
    assert (len(point), point[0]) == (65, 4)
    public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    claims = jwt.decode(
        token[2:], public, ["ES256"], audience="https://web.push.apple.com", options={"verify_exp": False}
    )
    assert claims["sub"] == "mailto:owner@shop.example"
    assert claims["exp"] - NOW.timestamp() == 12 * 3600
    assert jwt.get_unverified_header(token[2:]) == {"typ": "JWT", "alg": "ES256"}


def test_the_same_private_key_has_the_same_public_key() -> None:
    private = vapid.new_private_key()
    first, second = (vapid.read_keys(private, "https://shop.example") for _ in range(2))
    other = vapid.read_keys(vapid.new_private_key(), "https://shop.example")
    assert first.public == second.public != other.public
    assert first.name == second.name != other.name
    assert private not in repr(first)


@pytest.mark.parametrize("private", ["", "AAAA", b64(bytes(32)), b64(b"\xff" * 32), "not a key", b64(bytes(33))])
def test_what_is_no_private_key_is_refused(private: str) -> None:
    with pytest.raises(ValueError, match="not a private key"):
        vapid.read_keys(private, "https://shop.example")


def test_a_notice_is_short_whatever_it_says() -> None:
    text = rules.payload("T" * 500, 'ق"\\\x01' * 500, "/c/card" + "x" * 200, "t", "ar", is_rtl=True)
    shown = json.loads(text)
    assert len(text) <= MAX_TEXT
    assert (len(shown["title"]), len(shown["body"])) == (80, 300)
    assert shown["title"].endswith("T…")
    assert (shown["lang"], shown["dir"], shown["tag"]) == ("ar", "rtl", "t")
    assert json.loads(rules.payload(" A\n b ", "c", "/", "t", "en"))["title"] == "A b"
    with pytest.raises(ValueError, match="address"):
        rules.payload("A", "b", "x" * 4_000, "t", "en")


def test_topics_are_short_and_tell_nothing() -> None:
    topic = rules.topic_of("booking:12")
    assert (len(topic), topic) == (32, rules.topic_of("booking:12"))
    assert topic != rules.topic_of("booking:13")


@pytest.mark.parametrize(
    ("answer", "statuses"),
    {
        Answer.SENT: (200, 201, 202, 204),
        Answer.GONE: (404, 410),
        Answer.LATER: (408, 429, 500, 502, 503, 599),
        Answer.REFUSED: (301, 302, 303, 307, 308, 400, 401, 403, 413),
    }.items(),
)
def test_an_answer_means_one_thing(answer: Answer, statuses: tuple[int, ...]) -> None:
    assert {meaning(status) for status in statuses} == {answer}


def test_pauses_grow_and_end() -> None:
    pauses = [pause_after(tries) for tries in range(1, 12)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (dt.timedelta(minutes=1), dt.timedelta(hours=6))
    assert pause_after(1, 90) == dt.timedelta(seconds=90)
    assert pause_after(1, 10**9) == dt.timedelta(hours=6)
