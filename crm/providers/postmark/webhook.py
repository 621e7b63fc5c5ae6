"""Postmark's webhook, which signs nothing and brings a password (postmarkapp.com/developer/webhooks)."""

from __future__ import annotations

import datetime as dt
import hmac
from typing import Any

from flask import Response, request

from crm.providers import untrusted
from crm.providers.base import Route
from crm.providers.letters import webhook
from crm.providers.letters.webhook import Event
from crm.providers.letters.words import Word
from crm.providers.postmark.account import ACCOUNT, WEBHOOK
from crm.providers.webhook import Desk

BOUNCES = {
    "HardBounce": Word.BOUNCED,
    "BadEmailAddress": Word.BOUNCED,
    "ManuallyDeactivated": Word.REFUSED,
    "SpamComplaint": Word.COMPLAINED,
    "SpamNotification": Word.UNDELIVERED,
    "SoftBounce": Word.UNDELIVERED,
    "Blocked": Word.UNDELIVERED,
    "DMARCPolicy": Word.UNDELIVERED,
    "SMTPApiError": Word.UNDELIVERED,
    "Unknown": Word.UNDELIVERED,
}
"""By type; `Transient` and `DnsError` are tried again by Postmark, and auto-replies say nothing of the mailbox."""


def take(desk: Desk) -> Response:
    return webhook.take(desk, ACCOUNT, WEBHOOK, _has_password, _events)


ROUTES = (Route("postmark", "postmark", take, "There is no such e-mail."),)


def _has_password(secret: str, raw: bytes) -> bool:
    given = (request.authorization.password if request.authorization else None) or ""
    return hmac.compare_digest(given.encode(), secret.encode())


def _events(said: Any) -> list[Event]:
    if not isinstance(said, dict):
        raise ValueError("A report is an object.")
    record = untrusted.text(said.get("RecordType"))
    word = {"Delivery": Word.DELIVERED, "SpamComplaint": Word.COMPLAINED}.get(record)
    if record == "Bounce":
        word = BOUNCES.get(untrusted.text(said.get("Type")))
    reference = untrusted.text(untrusted.child(said, "Metadata").get("attempt"), 30)
    if word is None or not reference:
        return []
    at = _moment(said.get("DeliveredAt") or said.get("BouncedAt"))
    return [Event(reference, word, untrusted.text(said.get("MessageID")), at)]


def _moment(value: Any) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(untrusted.text(value, 40))
    except ValueError:
        return None
    return found if found.tzinfo else None
