"""SendGrid's event webhook (twilio.com/docs/sendgrid/for-developers/tracking-events/event)."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Response, request

from crm.providers import untrusted
from crm.providers.base import Route
from crm.providers.letters import webhook
from crm.providers.letters.webhook import Event
from crm.providers.letters.words import Word
from crm.providers.sendgrid.account import ACCOUNT, WEBHOOK, public_key
from crm.providers.webhook import Desk

WORDS = {"delivered": Word.DELIVERED, "dropped": Word.REFUSED, "spamreport": Word.COMPLAINED}
DEAD = ("5.1.", "5.2.1")
"""How the status of a bounce begins where there is no such mailbox."""


def take(desk: Desk) -> Response:
    return webhook.take(desk, ACCOUNT, WEBHOOK, _is_signed, _events)


ROUTES = (Route("sendgrid", "sendgrid", take, "There is no such e-mail."),)


def _is_signed(secret: str, raw: bytes) -> bool:
    stamp = request.headers.get("X-Twilio-Email-Event-Webhook-Timestamp", "")[:20]
    given = request.headers.get("X-Twilio-Email-Event-Webhook-Signature", "")[:200]
    if not webhook.is_recent(stamp):
        return False
    try:
        public_key(secret).verify(base64.b64decode(given), stamp.encode() + raw, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def _events(said: Any) -> list[Event]:
    found = []
    for one in untrusted.objects(said):
        word, reference = _word(one), untrusted.text(one.get("attempt"), 30)
        if word is not None and reference:
            id_ = untrusted.text(one.get("sg_message_id")).partition(".")[0]
            found.append(Event(reference, word, id_, untrusted.moment(one.get("timestamp"))))
    return found


def _word(event: dict[str, Any]) -> Word | None:
    kind = untrusted.text(event.get("event"))
    if kind != "bounce":
        return WORDS.get(kind)
    is_dead = untrusted.text(event.get("type")) != "blocked" and untrusted.text(event.get("status")).startswith(DEAD)
    return Word.BOUNCED if is_dead else Word.UNDELIVERED
