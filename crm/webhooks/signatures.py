"""Whether a request comes from who it says; pure values, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict


def is_from_twilio(token: str, url: str, form: MultiDict[str, str], signature: str) -> bool:
    """Check X-Twilio-Signature over the public URL and the form (twilio.com/docs/usage/security)."""
    return bool(token and signature) and bool(RequestValidator(token).validate(url, form, signature))


def is_from_meta(secret: str, raw: bytes, signature: str) -> bool:
    """Check X-Hub-Signature-256 over the raw bytes (developers.facebook.com, Webhooks, Validate Payloads)."""
    expected = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return bool(secret) and _equal(expected, signature)


def is_token(known: Iterable[str], given: str) -> bool:
    """Say whether `given` is one of the known tokens."""
    return any(bool(token) and _equal(token, given) for token in known)


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
