"""Base64 for URLs without padding, as browsers and push services write keys."""

from __future__ import annotations

import base64
import re


def encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def decode(text: str, length: int) -> bytes:
    """Return the bytes; ValueError unless the text is those of `length` bytes. Padding may be there."""
    text = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text, re.ASCII):
        raise ValueError("not base64 for URLs")
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise ValueError("not base64 for URLs") from None
    if len(found) != length or encode(found) != text:
        raise ValueError(f"not {length} bytes")
    return found
