"""URL ids and HTML ids."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import BaseConverter


class IdConverter(BaseConverter):
    """Match ids that fit a 64-bit integer."""

    regex = r"[1-9]\d{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)


def dom_id(row: Any, prefix: str = "") -> str:
    """Return `customer-12`, or `edit-customer-12` with a prefix."""
    name = f"{type(row).__name__.lower()}-{row.id}"
    return f"{prefix}-{name}" if prefix else name


def id_in(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
