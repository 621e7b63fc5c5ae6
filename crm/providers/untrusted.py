"""Reading what a provider sent: everything may be missing, of another type, or too long."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from crm.values.text import clean_line

_ID = re.compile(r"[1-9]\d{0,17}")


def text(value: Any, limit: int = 100) -> str:
    """Return a value as one line of at most `limit` characters; nothing for what is no text."""
    return clean_line(value[: limit * 2])[:limit] if isinstance(value, str) else ""


def number_id(value: Any) -> int | None:
    """Return an id of ours that travelled with a call, or None."""
    found = text(value, 20)
    return int(found) if _ID.fullmatch(found) else None


def moment(value: Any) -> dt.datetime | None:
    """Return the moment of a Unix time in seconds, written as digits or a number; None for anything else."""
    found = str(value) if isinstance(value, int) else text(value, 12)
    if not re.fullmatch(r"[1-9]\d{0,10}", found):
        return None
    return dt.datetime.fromtimestamp(int(found), dt.UTC)


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list, without anything else in it."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def child(value: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the object that stands under a name, an empty one for anything else."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}
