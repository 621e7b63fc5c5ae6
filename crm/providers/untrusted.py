"""Reading provider data, where anything may be missing, of another type, or too long."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from crm.values.text import clean_line

_ID = re.compile(r"[1-9]\d{0,17}")


def text(value: Any, limit: int = 100) -> str:
    """Return one line of at most `limit` characters; "" for other types."""
    return clean_line(value[: limit * 2])[:limit] if isinstance(value, str) else ""


def number_id(value: Any) -> int | None:
    found = text(value, 20)
    return int(found) if _ID.fullmatch(found) else None


def moment(value: Any) -> dt.datetime | None:
    """Parse a Unix time in seconds, from digits or a number."""
    found = str(value) if isinstance(value, int) else text(value, 12)
    if not re.fullmatch(r"[1-9]\d{0,10}", found):
        return None
    return dt.datetime.fromtimestamp(int(found), dt.UTC)


def objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def child(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}
