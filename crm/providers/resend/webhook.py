"""Resend's webhook, signed as Standard Webhooks are, in headers of other names (resend.com/docs/webhooks)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, request
from standardwebhooks import Webhook, WebhookVerificationError

from crm.providers import untrusted
from crm.providers.base import Route
from crm.providers.letters import webhook
from crm.providers.letters.webhook import Event
from crm.providers.letters.words import Word
from crm.providers.resend.account import ACCOUNT, WEBHOOK
from crm.providers.webhook import Desk

WORDS = {
    "email.delivered": Word.DELIVERED,
    "email.complained": Word.COMPLAINED,
    "email.failed": Word.REFUSED,
    "email.suppressed": Word.REFUSED,
}


def take(desk: Desk) -> Response:
    return webhook.take(desk, ACCOUNT, WEBHOOK, _is_signed, _events)


ROUTES = (Route("resend", "resend", take, "There is no such e-mail."),)


def _is_signed(secret: str, raw: bytes) -> bool:
    headers = {f"webhook-{name}": request.headers.get(f"svix-{name}", "") for name in ("id", "timestamp", "signature")}
    try:
        Webhook(secret).verify(raw, headers)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _events(said: Any) -> list[Event]:
    if not isinstance(said, dict):
        raise ValueError("A report is an object.")
    kind, data = untrusted.text(said.get("type")), untrusted.child(said, "data")
    word = WORDS.get(kind)
    if kind == "email.bounced":
        is_for_good = untrusted.text(untrusted.child(data, "bounce").get("type")) == "Permanent"
        word = Word.BOUNCED if is_for_good else Word.UNDELIVERED
    reference = _attempt(data.get("tags"))
    if word is None or not reference:
        return []
    return [Event(reference, word, untrusted.text(data.get("email_id")), _moment(said.get("created_at")))]


def _attempt(tags: Any) -> str:
    """Return our tag, of an object or of a list of names and values."""
    if isinstance(tags, dict):
        return untrusted.text(tags.get("attempt"), 30)
    named = {untrusted.text(one.get("name")): untrusted.text(one.get("value"), 30) for one in untrusted.objects(tags)}
    return named.get("attempt", "")


def _moment(value: Any) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(untrusted.text(value, 40))
    except ValueError:
        return None
    return found if found.tzinfo else None
