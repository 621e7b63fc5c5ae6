"""Meta's webhook requests (developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crm.inbox.inbound import Incoming
from crm.messages.channels.whatsapp import WHATSAPP
from crm.providers import untrusted
from crm.providers.base import Reported, referred_test
from crm.providers.whatsapp_cloud.kinds import PREFERENCE_WORDS, PREFERENCES, content

MOST = 1_000
"""Items per request, Meta's own limit."""

NAME = "whatsapp_cloud"


@dataclass(frozen=True, slots=True)
class Payload:
    """The content of a request; texts by the id of the number they came to."""

    reports: list[Reported] = field(default_factory=list)
    tests: list[Reported] = field(default_factory=list)
    texts: list[tuple[str, Incoming]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Writer:
    """The sender: number and Meta's user id; one may be missing."""

    number: str
    id: str


def read(raw: bytes) -> Payload:
    """Parse a request; raises ValueError with a sentence. Unused parts are ignored."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("The body has to be JSON.") from None
    if not isinstance(found, dict) or not isinstance(found.get("entry"), list):
        raise ValueError("The body has to be an object with a list of entries.")
    payload = Payload()
    for field_, value in _changes(found):
        if field_ == "messages":
            _read_statuses(value, payload)
        readers = _READERS.get(field_, {})
        number = untrusted.child(value, "metadata")
        for name, reader in readers.items():
            texts = (reader(one, value) for one in untrusted.objects(value.get(name)))
            payload.texts.extend((untrusted.text(number.get("phone_number_id")), text) for text in texts if text)
    if len(payload.reports) + len(payload.tests) + len(payload.texts) > MOST:
        raise ValueError(f"Send at most {MOST:,} messages and statuses at once.")
    return payload


def _changes(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in untrusted.objects(found["entry"]):
        for change in untrusted.objects(entry.get("changes")):
            yield untrusted.text(change.get("field")), untrusted.child(change, "value")


def _read_statuses(value: dict[str, Any], payload: Payload) -> None:
    for status in untrusted.objects(value.get("statuses")):
        sent = status.get("biz_opaque_callback_data")
        attempt_id, test_id = untrusted.number_id(sent), referred_test(untrusted.text(sent))
        if attempt_id is not None and (report := _report(status, attempt_id)):
            payload.reports.append(report)
        elif test_id is not None and (report := _report(status, test_id)):
            payload.tests.append(report)


def _report(status: dict[str, Any], id_: int) -> Reported | None:
    provider_id, word = untrusted.text(status.get("id")), untrusted.text(status.get("status"), 40)
    if not provider_id or not word:
        return None
    code = next((error.get("code") for error in untrusted.objects(status.get("errors"))), None)
    said = str(code) if isinstance(code, int) else untrusted.text(code, 40)
    user_id = untrusted.text(status.get("recipient_user_id"), 150)
    return Reported(id_, word, provider_id, said[:40] or None, untrusted.moment(status.get("timestamp")), user_id)


def _text(one: dict[str, Any], value: dict[str, Any]) -> Incoming | None:
    id_, person = untrusted.text(one.get("id")), _person(one, value)
    if not id_ or person is None:
        return None
    found = content(one)
    return Incoming(
        NAME,
        id_,
        WHATSAPP,
        person.number,
        _recipient(value),
        found.body,
        untrusted.moment(one.get("timestamp")),
        found.what,
        found.effect,
        found.opens_window,
        person.id,
    )


def _preference(one: dict[str, Any], value: dict[str, Any]) -> Incoming | None:
    """Read a customer's marketing preference, which has no id."""
    effect, person = PREFERENCES.get(untrusted.text(one.get("value"))), _person(one, value)
    if effect is None or person is None or untrusted.text(one.get("category")) not in ("", "marketing_messages"):
        return None
    at = untrusted.moment(one.get("timestamp"))
    id_ = f"preference {person.number or person.id} {effect.value} {int(at.timestamp()) if at else ''}"[:100]
    return Incoming(
        NAME,
        id_,
        WHATSAPP,
        person.number,
        _recipient(value),
        "",
        at,
        PREFERENCE_WORDS[effect],
        effect,
        opens_window=False,
        sender_id=person.id,
    )


_READERS = {"messages": {"messages": _text}, "user_preferences": {"user_preferences": _preference}}
"""By field of the webhook, besides statuses."""


def _person(one: dict[str, Any], value: dict[str, Any]) -> Writer | None:
    """Return the sender; one with a user name may have only an id (Business-scoped user IDs)."""
    sender, user_id = untrusted.text(one.get("from") or one.get("wa_id"), 150), _user_id(one)
    contacts = untrusted.objects(value.get("contacts"))
    named = {sender, user_id} - {""}
    same = [one for one in contacts if named & {untrusted.text(one.get("wa_id"), 20), _user_id(one)}]
    contact = same[0] if same else contacts[0] if len(contacts) == 1 else {}
    if not sender.isdecimal():
        user_id = user_id or sender
        sender = untrusted.text(contact.get("wa_id"), 20)
    username = untrusted.text(untrusted.child(contact, "profile").get("username"), 100)
    user_id = user_id or _user_id(contact) or (f"@{username}" if username else "")
    number = f"+{sender}" if sender.isdecimal() and len(sender) <= 15 else ""
    return Writer(number, user_id) if number or user_id else None


def _user_id(found: dict[str, Any]) -> str:
    return untrusted.text(found.get("from_user_id") or found.get("user_id"), 150)


def _recipient(value: dict[str, Any]) -> str:
    return untrusted.text(untrusted.child(value, "metadata").get("display_phone_number"), 60)
