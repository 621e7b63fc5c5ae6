"""Values of columns as an archive has them, in JSON, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import TextCode, UtcDateTime

Convert = Callable[[Any], Any]
MOST, LONGEST_TEXT = 2**53 - 1, 5_000_000
"""No number is larger: beyond, programs that read JSON round."""
YEARS = range(1900, 2200)


def to_json(column: sa.Column[Any]) -> Convert | None:
    """Return what makes a column's values JSON values; None where they are."""
    if isinstance(column.type, UtcDateTime):
        return _moment_text
    if isinstance(column.type, sa.Date | sa.Time):
        return dt.date.isoformat if isinstance(column.type, sa.Date) else dt.time.isoformat
    return str if isinstance(column.type, TextCode) else None


def from_json(column: sa.Column[Any], *, signed: bool = False) -> Convert:
    """Return what reads a column's values; it raises ValueError with the rest of a sentence.

    signed: numbers may be less than 0.
    """
    read = _signed if signed else _reader(column)
    if column.nullable:
        return lambda value: None if value is None else read(value)
    return read


def _reader(column: sa.Column[Any]) -> Convert:
    match column.type:
        case UtcDateTime():
            return _moment
        case sa.Date():
            return _day
        case sa.Time():
            return _time
        case sa.Boolean():
            return _boolean
        case sa.Integer():
            return _integer
        case sa.JSON():
            return _json
        case TextCode():
            return lambda value: _code(column.type, value)
        case _:
            longest = getattr(column.type, "length", None) or LONGEST_TEXT
            return lambda value: text(value, longest)


def _moment_text(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _moment(value: Any) -> dt.datetime:
    found = dt.datetime.fromisoformat(_string(value))
    if found.tzinfo is None:
        raise ValueError("is a moment without a time zone")
    _check_year(found)
    return found.astimezone(dt.UTC)


def _day(value: Any) -> dt.date:
    found = dt.date.fromisoformat(_string(value))
    _check_year(found)
    return found


def _check_year(day: dt.date) -> None:
    if day.year not in YEARS:
        raise ValueError(f"is in the year {day.year}; from {YEARS.start} to {YEARS.stop - 1} it can be")


def _time(value: Any) -> dt.time:
    return dt.time.fromisoformat(_string(value))


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is neither true nor false")
    return value


def _signed(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -MOST <= value <= MOST:
        raise ValueError("is no whole number")
    return value


def _integer(value: Any) -> int:
    if _signed(value) < 0:
        raise ValueError("is less than 0")
    found: int = value
    return found


def _json(value: Any) -> Any:
    if value is None:
        raise ValueError("is missing")
    return value


def _code(type_: Any, value: Any) -> Any:
    word = text(value, type_.impl_instance.length if hasattr(type_, "impl_instance") else 40)
    try:
        return type_.read(word)
    except (ValueError, LookupError):
        raise ValueError(f"is {word[:40]!r}, which no version knows") from None


def text(value: Any, longest: int) -> str:
    found = _string(value)
    if len(found) > longest:
        raise ValueError(f"is longer than {longest} characters")
    if "\x00" in found:
        raise ValueError("has a character that no text has")
    if not found.isascii():
        found.encode()  # raises UnicodeEncodeError, a ValueError, for half a character
    return found


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is no text")
    return value
