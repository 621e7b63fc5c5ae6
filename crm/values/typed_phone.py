"""Find the one phone number in what people type or paste: labels, extensions, spreadsheets, two numbers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from crm.values.language import N_
from crm.values.text import ascii_digits, is_seen

_TWO_NUMBERS = N_("These are two numbers. Keep one here and put the other into the notes.")
_DIGITS_LOST = N_("A spreadsheet cut the last digits off. Type the whole number.")
_NOT_ONLY_A_NUMBER = N_("Type only the number here, without other words.")

# Characters used as dashes outside of the category: minus signs, bullets, lines, and the Japanese mark for long vowels.
_DASHES = frozenset("\u02d7\u2043\u2212\u2500\u2501\u2796\u30fc\u3161")

_LABEL = re.compile(
    r"^(?:telp?|telephone|phone|ph|mobile|mob|cell|handphone|hp|wa|whatsapp|no|nomor|call|[tmp])\b[.: ]*",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"(?:[;,]? ?(?:extension|extn?|ext)[.:=]? ?| ?[x#] ?)(\d{1,7})$", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"^\+?(\d)(?:[.,](\d+))?e\+?(\d{1,3})$", re.IGNORECASE)
_FLOAT = re.compile(r"^(\+?\d{7,})[.,]0$")
_SEVERAL = re.compile(r"[,;|&\\]| (?:or|and|atau|dan) ", re.IGNORECASE)
_ALLOWED = re.compile(r"^[\d+\-(). /]+$")


def plain(typed: str) -> str:
    text = "".join(map(_plain_character, ascii_digits(unicodedata.normalize("NFKC", typed))))
    # Spreadsheets write an apostrophe to keep the leading zero.
    return " ".join(text.split()).lstrip("'\u2018\u2019` ")


def one_number(text: str) -> tuple[str, str, str]:
    """Return the only number in a plain text, its extension, and a sentence if there is none or there are two."""
    while label := _LABEL.match(text):
        text = text[label.end() :]
    if scientific := _SCIENTIFIC.match(text):
        first, rest, power = scientific[1], scientific[2] or "", int(scientific[3])
        # Digits are lost unless there is one for each place of the power: 6.281234567890E+12.
        return (first + rest, "", "") if len(rest) == power else ("", "", _DIGITS_LOST)
    if whole := _FLOAT.match(text):
        return whole[1], "", ""
    extension = ""
    if found := _EXTENSION.search(text):
        text, extension = text[: found.start()], found[1]
    parts = [part for part in _SEVERAL.split(text) if any(map(str.isdecimal, part))]
    if len(parts) > 1 or "+" in re.sub(r"^\D*", "", text) or _is_slashed_pair(text):
        return "", "", _TWO_NUMBERS
    if not _ALLOWED.match(text):
        return "", "", _NOT_ONLY_A_NUMBER
    # "00" dials abroad from most countries, and people write it in all; "+00" occurs too.
    return re.sub(r"^\(?(?:\+\s*)*(?:00|\+)", "+", text), extension, ""


def _is_slashed_pair(text: str) -> bool:
    """`030/1234567` is one number with its area code."""
    head, slash, tail = text.partition("/")
    if not slash:
        return False
    area, rest = (sum(map(str.isdecimal, part)) for part in (head, tail))
    is_one = area <= 7 and head.lstrip()[:1] in ("0", "+", "(") and rest >= 4 and "/" not in tail
    return not is_one or tail.strip()[:1] in ("0", "+")


@lru_cache(maxsize=1024)
def _plain_character(char: str) -> str:
    if char in _DASHES or unicodedata.category(char) == "Pd":
        return "-"
    return char if char == " " or (char.isprintable() and is_seen(char)) else ""
