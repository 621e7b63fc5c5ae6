"""Lines of one JSON object each, as our own export writes them with the API's names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from crm.imports.limits import MAX_CELL, MAX_COLUMNS
from crm.imports.reading import sentences
from crm.imports.reading.tables import Refused, Row


def headers_of(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the names of all objects, in the order they come; raises Refused."""
    found: dict[str, None] = {}
    for _, value in _objects(lines):
        if isinstance(value, dict):
            found.update(dict.fromkeys(map(_text, value)))
            if len(found) > MAX_COLUMNS:
                raise Refused(sentences.TOO_MANY_COLUMNS.english())
    return tuple(found)


def rows(lines: Iterable[str], headers: tuple[str, ...]) -> Iterator[Row]:
    for number, value in _objects(lines):
        if isinstance(value, dict):
            cells = [_text(value.get(name)) for name in headers]
            if max(map(len, cells), default=0) > MAX_CELL:
                raise Refused(sentences.TOO_LONG_CELL.english(row=number))
            yield Row(number, cells)
        else:
            yield Row(number, [""] * len(headers), sentences.NO_OBJECT.english())


def _objects(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError):
            yield number, None


def _text(value: Any) -> str:
    """Return a value as a cell; those of a list stand below each other."""
    if value is None:
        return ""
    if isinstance(value, str):
        # Halves of letters and empty bytes can't be stored.
        return value.encode("utf-8", "replace").decode().replace("\0", "")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, list):
        return "\n".join(filter(None, map(_text, value)))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
