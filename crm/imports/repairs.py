"""Undo what spreadsheets and other programs did to a cell; each repair has a code of `findings`."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum

from crm.values.text import ascii_digits, clean_line, clean_text

CLEAR = "#N/A"
"""Empties a field, as in Salesforce's files."""

_FORMULA = re.compile(r'="([^"]{0,1000})"')
_ERRORS = frozenset(
    {
        "#REF!",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#ERROR!",
        "#FIELD!",
        "#GETTING_DATA",
    }
)
_NOTHING = frozenset(
    {"null", "\\n", "-", "--", "---", "\u2013", "\u2014", "n/a", "n.a.", "(null)", "nan", "none", "<null>"}
)
_APOSTROPHES = ("'", "\u2019")
_FORCED_TEXT = "+-=@0123456789\t\uff1d\uff0b\uff0d\uff20"
_HASHES = re.compile("#{2,}")

LONGEST_NOTHING = 6

Say = Callable[[str], None]


class Kind(Enum):
    """How a cell may look: a name may begin with an apostrophe and be Null, a text has lines, a value has neither."""

    NAME = "name"
    TEXT = "text"
    VALUE = "value"


def repaired(raw: str, say: Say, kind: Kind) -> str:
    """Return a cell's value, and say the codes of what was repaired."""
    if (
        raw.isascii()
        and raw.isprintable()
        and raw[0] not in " '=*#-(<\\"
        and raw[-1] != " "
        and (len(raw) > LONGEST_NOTHING or raw.lower() not in _NOTHING)
    ):
        return raw
    text = _CLEANERS[kind](raw)
    if text != raw:
        say("spaces")
    if (formula := _FORMULA.fullmatch(text)) is not None:
        say("formula")
        text = formula[1].strip()
    if text.startswith("* ") and len(text) > 2:
        say("default_mark")
        text = text[2:].lstrip()
    if text[:1] in _APOSTROPHES and len(text) > 1 and (text[1] in _FORCED_TEXT or kind is Kind.VALUE):
        say("apostrophe")
        text = text[1:].lstrip()
    return _known_value(text, say, kind)


def _known_value(text: str, say: Say, kind: Kind) -> str:
    if len(text) > 14 or text == CLEAR:
        return text
    if text.upper() in _ERRORS or _HASHES.fullmatch(text):
        say("error_value")
        return ""
    # Null is a name, too.
    if text.lower() in _NOTHING and not (kind is Kind.NAME and text.isalpha()):
        say("nothing")
        return ""
    return text


def _lines(raw: str) -> str:
    return "\n".join(filter(None, map(clean_line, raw.splitlines()))) if "\n" in raw else clean_line(raw)


_CLEANERS: dict[Kind, Callable[[str], str]] = {Kind.NAME: clean_line, Kind.TEXT: clean_text, Kind.VALUE: _lines}


def digits_in(text: str) -> str:
    return "".join(filter(str.isdecimal, ascii_digits(text)))
