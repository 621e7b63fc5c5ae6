"""What Meta's Cloud API takes as a request to send: the rules of its messages endpoint, as its documents give them.

Sources: developers.facebook.com/docs/whatsapp/cloud-api/reference/messages, …/guides/send-messages (text),
…/guides/send-message-templates. A fake provider asks `read` before it accepts anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PATH = re.compile(r"/v\d{1,2}\.\d/(?P<number>\d{5,20})/messages")
TO = re.compile(r"\+?[1-9]\d{6,14}")
FIELDS = {"messaging_product", "recipient_type", "to", "type", "text", "template", "biz_opaque_callback_data"}
NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
LONGEST_BODY, LONGEST_DATA = 4_096, 512


class MetaRequest(NamedTuple):
    """What a well-formed request says."""

    number_id: str
    token: str
    to: str
    body: str
    data: str
    fields: dict[str, Any]


def read(path: str, headers: Mapping[str, str], body: bytes) -> MetaRequest:
    """Return what a request to send says; ValueError with the rule it breaks."""
    found = PATH.fullmatch(urlsplit(path).path)
    _need(found is not None, f"the path {path} is not the messages of a phone number")
    assert found is not None
    names = {name.lower(): value for name, value in headers.items()}
    kind, _, token = names.get("authorization", "").partition(" ")
    _need(kind == "Bearer" and bool(token.strip()), "no Bearer token")
    _need(names.get("content-type", "").partition(";")[0] == "application/json", "the content type is not JSON")
    fields = json.loads(body)
    _need(isinstance(fields, dict) and fields.keys() <= FIELDS, "unknown fields")
    _need(fields.get("messaging_product") == "whatsapp", "messaging_product is not whatsapp")
    _need(fields.get("recipient_type", "individual") == "individual", "recipient_type is not individual")
    _need(isinstance(fields.get("to"), str) and bool(TO.fullmatch(fields["to"])), "to is no phone number")
    data = fields.get("biz_opaque_callback_data", "")
    _need(isinstance(data, str) and len(data) <= LONGEST_DATA, "biz_opaque_callback_data is no string of 512")
    text = _template(fields) if fields.get("type") == "template" else _text(fields)
    return MetaRequest(found["number"], token, fields["to"], text, data, fields)


def attempt_of(request: MetaRequest) -> int | None:
    """Return the attempt that travels with the message; None when there is none."""
    return int(request.data) if request.data.isascii() and request.data.isdigit() else None


def _text(fields: Mapping[str, Any]) -> str:
    _need(fields.get("type", "text") == "text" and "template" not in fields, "the type is neither text nor template")
    text = fields.get("text")
    _need(isinstance(text, dict) and text.keys() <= {"body", "preview_url"}, "text is missing")
    _need(isinstance(text.get("preview_url", False), bool), "preview_url is no truth value")
    body = text.get("body")
    _need(isinstance(body, str) and bool(body.strip()), "the text is empty")
    _need(len(body) <= LONGEST_BODY, f"the text has {len(body)} characters")
    return str(body)


def _template(fields: Mapping[str, Any]) -> str:
    template = fields.get("template")
    _need("text" not in fields and isinstance(template, dict), "template is missing")
    _need(template.keys() <= {"name", "language", "components"}, "unknown parts of a template")
    _need(bool(NAME.fullmatch(str(template.get("name")))), "no such name of a template")
    language = template.get("language")
    _need(isinstance(language, dict) and bool(LANGUAGE.fullmatch(str(language.get("code")))), "no such language")
    for component in template.get("components", []):
        _need(component.get("type") in ("header", "body", "button"), "unknown component")
        for parameter in component.get("parameters", []):
            _need(parameter.get("type") == "text" and bool(parameter.get("text")), "a parameter is empty")
            _need(not re.search(r"[\n\t]| {5,}", parameter["text"]), "a parameter has lines, tabs or five spaces")
    return str(template["name"])


def _need(holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(rule)
