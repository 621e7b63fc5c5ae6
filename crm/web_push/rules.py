"""Which push services are called, what is sent to them, and what their answers mean; pure."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import json
import re
from typing import NamedTuple

from crm.web_push.encoding import decode, encode
from crm.web_push.encryption import AUTH, MAX_TEXT, PUBLIC_KEY, is_point
from crm.web_push.vapid import origin_of

HOSTS = ("fcm.googleapis.com",)
DOMAINS = ("push.services.mozilla.com", "push.apple.com", "notify.windows.com")
"""Hosts of push services, and domains whose hosts are some. Nothing else is called: whoever subscribes names a URL."""

MAX_ENDPOINT = 1_000
"""Characters."""

MAX_SUBSCRIPTIONS = 10
"""Browsers of one customer; the oldest one makes room for the next."""

TRIES = 5
FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=6)

KEPT_BY_SERVICE = dt.timedelta(days=1)
"""For how long a push service keeps a notice for a phone that is off."""

MAX_TITLE, MAX_BODY = 80, 300
"""Characters: what phones show of a notice."""

_PATH = r"/[\w.~:/?@!$&'()*+,;=%-]*"
_ENDPOINT = re.compile(rf"https://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::443)?{_PATH}", re.ASCII)
_LOOPBACK = re.compile(rf"http://127\.0\.0\.1:\d{{1,5}}{_PATH}", re.ASCII)


class Urgency(enum.StrEnum):
    """How much a notice is worth to a phone's battery (RFC 8030, 5.3)."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Answer(enum.Enum):
    """What a push service's answer means for a notice and its subscription."""

    SENT = enum.auto()
    GONE = enum.auto()
    """The subscription has ended: delete it."""
    LATER = enum.auto()
    REFUSED = enum.auto()
    """It will be refused again: give the notice up."""


class Subscribed(NamedTuple):
    """A subscription as a browser gives it, verified."""

    endpoint: str
    p256dh: bytes
    auth: bytes


def read_subscription(endpoint: str, p256dh: str, auth: str, test_origin: str = "") -> Subscribed:
    """Return a browser's subscription; raises ValueError for one that we would not send to."""
    if not is_push_service(endpoint, test_origin):
        raise ValueError("not the address of a push service")
    key = decode(p256dh, PUBLIC_KEY)
    if not is_point(key):
        raise ValueError("not a point of P-256")
    return Subscribed(endpoint, key, decode(auth, AUTH))


def is_push_service(endpoint: str, test_origin: str = "") -> bool:
    """Whether the address is one of a push service that we know; `test_origin` is one on loopback, for tests."""
    if len(endpoint) > MAX_ENDPOINT:
        return False
    if test_origin and _LOOPBACK.fullmatch(endpoint):
        return origin_of(endpoint) == test_origin
    found = _ENDPOINT.fullmatch(endpoint)
    return found is not None and (found[1] in HOSTS or any(found[1].endswith(f".{domain}") for domain in DOMAINS))


def hash_of(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode()).hexdigest()


def topic_of(key: str) -> str:
    """Return the topic of a key: a later notice replaces one of the same topic that still waits (RFC 8030, 5.4)."""
    return encode(hashlib.sha256(key.encode()).digest()[:24])


def payload(title: str, body: str, url: str, tag: str, language: str, *, is_rtl: bool = False) -> bytes:
    """Return what the page's worker reads of a notice, at most MAX_TEXT bytes."""
    shown = {
        "title": shortened(title, MAX_TITLE),
        "body": shortened(body, MAX_BODY),
        "url": url,
        "tag": tag,
        "lang": language,
        "dir": "rtl" if is_rtl else "ltr",
    }
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > MAX_TEXT:
        raise ValueError("the address of a notice is too long")
    return text


def shortened(text: str, most: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def meaning(status: int) -> Answer:
    """Say what a push service's status means (RFC 8030, 5 and 7.3)."""
    if status in (200, 201, 202, 204):
        return Answer.SENT
    if status in (404, 410):
        return Answer.GONE
    if status in (408, 425, 429) or status >= 500:
        return Answer.LATER
    return Answer.REFUSED


def pause_after(tries: int, retry_after: float = 0) -> dt.timedelta:
    """Return how long to wait after so many tries: what the service asks for, else longer each time."""
    if retry_after:
        return min(dt.timedelta(seconds=retry_after), LONGEST_PAUSE)
    return min(FIRST_PAUSE * (1 << 2 * min(max(tries - 1, 0), 10)), LONGEST_PAUSE)
