"""Mailgun's webhook (documentation.mailgun.com, Webhooks, Securing webhooks).

The signature is over a time and a token, not over the report: a request is good for five minutes, and a token once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from typing import Any

from flask import Response

from crm.providers import untrusted
from crm.providers.base import Route
from crm.providers.letters import webhook
from crm.providers.letters.webhook import Event
from crm.providers.letters.words import Word
from crm.providers.mailgun.account import ACCOUNT, SIGNING
from crm.providers.webhook import Desk

DEAD_CODES = ("550", "551", "553", "605")
"""Of failures for good: the server's own, and Mailgun's for an address to which mail came back before."""


def take(desk: Desk) -> Response:
    return webhook.take(desk, ACCOUNT, SIGNING, _is_signed, _events, _token)


ROUTES = (Route("mailgun", "mailgun", take, "There is no such e-mail."),)


def _is_signed(secret: str, raw: bytes) -> bool:
    try:
        signature = json.loads(raw)["signature"]
        stamp, token, given = (str(signature[name]) for name in ("timestamp", "token", "signature"))
    except (ValueError, LookupError, TypeError):
        return False
    expected = hmac.new(secret.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace")) and webhook.is_recent(stamp)


def _token(said: Any) -> str:
    return str(said["signature"]["token"])


def _events(said: Any) -> list[Event]:
    data = untrusted.child(said, "event-data") if isinstance(said, dict) else {}
    reference = untrusted.text(untrusted.child(data, "user-variables").get("attempt"), 30)
    word = _word(data)
    if word is None or not reference:
        return []
    headers = untrusted.child(untrusted.child(data, "message"), "headers")
    return [Event(reference, word, untrusted.text(headers.get("message-id")), _moment(data.get("timestamp")))]


def _word(data: dict[str, Any]) -> Word | None:
    kind = untrusted.text(data.get("event"))
    if kind == "failed":
        if untrusted.text(data.get("severity")) != "permanent":
            return None  # it is tried again
        if untrusted.text(data.get("reason")).startswith("suppress-"):
            return Word.REFUSED
        code = untrusted.child(data, "delivery-status").get("code")
        return Word.BOUNCED if str(code) in DEAD_CODES else Word.UNDELIVERED
    return {"delivered": Word.DELIVERED, "complained": Word.COMPLAINED, "rejected": Word.REFUSED}.get(kind)


def _moment(value: Any) -> dt.datetime | None:
    return untrusted.moment(int(value)) if isinstance(value, int | float) and 0 < value < 10**10 else None
