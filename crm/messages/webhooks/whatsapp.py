"""What Meta's requests say (developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crm.messages.inbound import Incoming
from crm.messages.reports import Heard
from crm.messages.rules import Channel
from crm.messages.webhooks import values


@dataclass(frozen=True, slots=True)
class Payload:
    """What one request says: reports, and texts by the phone number id that they were written to."""

    reports: list[Heard] = field(default_factory=list)
    texts: list[tuple[str, Incoming]] = field(default_factory=list)


def read(raw: bytes) -> Payload:
    """Return what a request says; raises ValueError with a sentence. What we have no use for is left out."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("The body has to be JSON.") from None
    if not isinstance(found, dict) or not isinstance(found.get("entry"), list):
        raise ValueError("The body has to be an object with a list of entries.")
    payload = Payload()
    for value in _values(found):
        number = values.child(value, "metadata")
        payload.reports.extend(filter(None, map(_report, values.objects(value.get("statuses")))))
        for one in values.objects(value.get("messages")):
            text = _text(one, number)
            if text is not None:
                payload.texts.append((values.text(number.get("phone_number_id")), text))
    return payload


def _values(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in values.objects(found["entry"]):
        for change in values.objects(entry.get("changes")):
            if change.get("field") == "messages":
                yield values.child(change, "value")


def _report(status: dict[str, Any]) -> Heard | None:
    """Return a report about an attempt of ours; None for one without our attempt's id."""
    attempt_id = values.number_id(status.get("biz_opaque_callback_data"))
    id_, word = values.text(status.get("id")), values.text(status.get("status"), 40)
    if attempt_id is None or not id_ or not word:
        return None
    code = next((error.get("code") for error in values.objects(status.get("errors"))), None)
    said = str(code) if isinstance(code, int) else values.text(code, 40)
    return Heard(attempt_id, word, id_, said[:40] or None, values.moment(status.get("timestamp")))


def _text(one: dict[str, Any], number: dict[str, Any]) -> Incoming | None:
    id_, sender = values.text(one.get("id")), values.text(one.get("from"), 20)
    if not id_ or not sender.isdecimal():
        return None
    recipient = values.text(number.get("display_phone_number"), 60)
    at, kind = values.moment(one.get("timestamp")), values.text(one.get("type"), 20)
    body = "" if kind == "system" else _body(one)
    what, counts = _WHAT.get(kind, ("" if body else "a message of another kind", True))
    return Incoming(
        "whatsapp_cloud", id_, Channel.WHATSAPP, f"+{sender}", recipient, body, at, what=what, opens_window=counts
    )


def _body(one: dict[str, Any]) -> str:
    """Return the customer's words: a text, the caption of a picture, the button that was pressed."""
    part = values.child(one, values.text(one.get("type"), 20))
    reply = values.child(part, "button_reply") or values.child(part, "list_reply")
    found = part.get("body") or part.get("text") or part.get("caption") or reply.get("title")
    return found if isinstance(found, str) else ""


_WHAT = {
    "image": ("a picture", True),
    "video": ("a video", True),
    "audio": ("a voice message", True),
    "document": ("a document", True),
    "sticker": ("a sticker", True),
    "location": ("a location", True),
    "contacts": ("a contact card", True),
    "reaction": ("a reaction", False),
    "revoke": ("took a text back", False),
    "system": ("a note of WhatsApp", False),
    "request_welcome": ("opened the chat", False),
}
"""What came, by its type, and whether WhatsApp counts it as a message of the customer."""
