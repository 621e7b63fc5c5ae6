"""What Twilio takes as a request to send: the rules of its Message resource, as its documents give them.

Sources: twilio.com/docs/messaging/api/message-resource (Create a Message), twilio.com/docs/usage/requests-to-twilio
(authentication), twilio.com/docs/glossary/what-e164. A fake provider asks `read` before it accepts anything.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

PATH = re.compile(r"/2010-04-01/Accounts/(?P<account>AC[0-9a-f]{32})/Messages\.json")
E164 = re.compile(r"\+[1-9]\d{6,14}")
SENDER_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
SHORT_CODE = re.compile(r"\d{3,8}")
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
CONTENT = re.compile(r"HX[0-9a-fA-F]{32}")
FIELDS = {"To", "From", "MessagingServiceSid", "Body", "StatusCallback", "ContentSid", "ContentVariables"}
LONGEST_BODY = 1_600


class TwilioRequest(NamedTuple):
    """What a well-formed request says."""

    account: str
    token: str
    to: str
    sender: str
    body: str
    callback: str
    fields: dict[str, str]


def read(path: str, headers: Mapping[str, str], body: bytes) -> TwilioRequest:
    """Return what a request to send says; ValueError with the rule it breaks."""
    found = PATH.fullmatch(urlsplit(path).path)
    _need(found is not None, f"the path {path} is not the Message resource of an account")
    assert found is not None
    names = {name.lower(): value for name, value in headers.items()}
    kind = names.get("content-type", "").partition(";")[0]
    _need(kind == "application/x-www-form-urlencoded", f"the content type is {kind!r}")
    account, token = _basic(names.get("authorization", ""))
    _need(account == found["account"], "the user name is not the account in the path")
    fields = _fields(body)
    _check_numbers(fields)
    _check_content(fields)
    callback = fields.get("StatusCallback", "")
    if callback:
        parts = urlsplit(callback)
        _need(parts.scheme in ("http", "https") and bool(parts.hostname), "StatusCallback is no absolute URL")
        _need("_" not in (parts.hostname or ""), "a host name has no underscores")
    sender = fields.get("From") or fields.get("MessagingServiceSid", "")
    return TwilioRequest(account, token, fields["To"], sender, fields.get("Body", ""), callback, fields)


def attempt_of(request: TwilioRequest) -> int | None:
    """Return the attempt that the address for reports names; None when there is none."""
    found = re.search(r"/webhooks/twilio/status/(\d+)$", urlsplit(request.callback).path)
    return int(found[1]) if found else None


def _fields(body: bytes) -> dict[str, str]:
    parsed = parse_qs(body.decode("utf-8"), keep_blank_values=True, strict_parsing=True)
    _need(all(len(values) == 1 for values in parsed.values()), "a field is given twice")
    fields = {name: values[0] for name, values in parsed.items()}
    _need(fields.keys() <= FIELDS, f"unknown fields {sorted(fields.keys() - FIELDS)}")
    _need("To" in fields, "To is missing")
    return fields


def _check_numbers(fields: Mapping[str, str]) -> None:
    _need("From" in fields or "MessagingServiceSid" in fields, "neither From nor MessagingServiceSid")
    to, sender = fields["To"], fields.get("From", "")
    is_whatsapp = to.startswith("whatsapp:")
    _need(bool(E164.fullmatch(to.removeprefix("whatsapp:"))), f"To {to!r} is not E.164")
    if "MessagingServiceSid" in fields:
        _need(bool(SERVICE.fullmatch(fields["MessagingServiceSid"])), "no such MessagingServiceSid")
    if sender:
        _need(sender.startswith("whatsapp:") == is_whatsapp, "To and From are of different channels")
        plain = sender.removeprefix("whatsapp:")
        kinds = (E164,) if is_whatsapp else (E164, SENDER_ID, SHORT_CODE)
        _need(any(kind.fullmatch(plain) for kind in kinds), f"From {sender!r} can't send")
        _need(sender != to, "To and From are the same")


def _check_content(fields: Mapping[str, str]) -> None:
    if "ContentSid" in fields:
        _need("Body" not in fields, "Body and ContentSid together")
        _need(bool(CONTENT.fullmatch(fields["ContentSid"])), "no such ContentSid")
        values = json.loads(fields.get("ContentVariables", "{}"))
        _need(isinstance(values, dict) and all(isinstance(value, str) for value in values.values()), "ContentVariables")
        return
    _need("ContentVariables" not in fields, "ContentVariables without ContentSid")
    body = fields.get("Body", "")
    _need(bool(body.strip()), "Body is empty")
    _need(len(body) <= LONGEST_BODY, f"Body has {len(body)} characters")


def _basic(header: str) -> tuple[str, str]:
    kind, _, value = header.partition(" ")
    _need(kind == "Basic", "no Basic authentication")
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("the authentication can't be read") from None
    _need(bool(colon and user and password), "user name or password is missing")
    return user, password


def _need(holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(rule)
