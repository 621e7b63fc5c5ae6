"""Clean typed text (every letter stays), and fold it for search (case, accents, quotes, dashes and digits go)."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache

from crm.values.language import gettext as _
from crm.values.language import ngettext

_NEWLINES = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Control characters and direction marks, which let a name reorder the rest of a page (UAX #9). The zero-width joiner
# and non-joiner stay: Persian, Urdu, Indic words and many emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff]"
)
# Letters and symbols without a glyph; Unicode does not class them as spaces.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")

_KEPT_MARKS = frozenset({0, 8, 9})
_TWINS = {
    **dict.fromkeys(
        "\u2018\u2019\u201a\u201b\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u2032\u00b4\u0060\u02c8\u055a\u05f3\ua78b\ua78c",
        "'",
    ),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u02ee\u05f4", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u058a\u05be\u2043\u2e3a\u2e3b", "-"),
    **dict.fromkeys("øǿØǾ", "o"),
    **dict.fromkeys("łŁƚ", "l"),
    **dict.fromkeys("đĐðÐɗƊ", "d"),
    **dict.fromkeys("þÞ", "th"),
    **dict.fromkeys("æÆǣǢǽǼ", "ae"),
    **dict.fromkeys("œŒ", "oe"),
    **dict.fromkeys("ħĦ", "h"),
    **dict.fromkeys("ŧŦ", "t"),
    **dict.fromkeys("ŋŊ", "n"),
    **dict.fromkeys("ɓƁ", "b"),
    **dict.fromkeys("ƙƘĸ", "k"),
    **dict.fromkeys("ıİ", "i"),
    # Arabic, Persian and Urdu keyboards write the same names with different letters.
    **dict.fromkeys("\u0671\u0672\u0673\u0675", "\u0627"),
    **dict.fromkeys("\u0649\u06cc\u06cd\u06ce\u06d0\u06d2", "\u064a"),
    **dict.fromkeys("\u06a9\u06aa", "\u0643"),
    "\u06ba": "\u0646",
    **dict.fromkeys("\u06c6\u06c7\u06c8\u06cb\u06cf", "\u0648"),
    **dict.fromkeys("\u0629\u06c1\u06be\u06c3\u06d5", "\u0647"),
    # Without a glyph, or variation selectors.
    **dict.fromkeys("\u0640\u0674\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0", ""),
    **dict.fromkeys(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))), ""),
}


def clean_line(text: str) -> str:
    """Return one line in NFC: no control or direction marks, single spaces, trimmed."""
    return _visible(" ".join(_strip_unseen(text).split()))


def clean_text(text: str) -> str:
    return _visible(_strip_unseen(text).strip())


@lru_cache(maxsize=1)
def blank_characters() -> str:
    blank = [chr(code) for code in range(sys.maxunicode + 1) if _may_be_blank(chr(code)) and not clean_line(chr(code))]
    runs: list[list[str]] = []
    for char in blank:
        if runs and ord(char) == ord(runs[-1][1]) + 1:
            runs[-1][1] = char
        else:
            runs.append([char, char])
    return "".join(first if first == last else f"{first}-{last}" for first, last in runs)


def is_seen(char: str) -> bool:
    """Whether a character has a glyph; spaces and combining marks have none."""
    return unicodedata.category(char) not in ("Cf", "Zs", "Cc", "Mn", "Me") and char not in _BLANK_LETTERS


def characters(number: int) -> str:
    return ngettext("%(num)s character", "%(num)s characters", number, num=f"{number:,}")


def shorten(what: str, over: int, limit: int) -> str:
    return _("Shorten %(what)s by %(over)s: it has room for %(limit)s.", what=what, over=characters(over), limit=limit)


def initials(name: str) -> str:
    """Return one or two letters for a name: SR for Siti Rahma, 田 for 田中太郎."""
    words = [word for word in name.split() if word[0].isalnum()] or [name.strip()]
    letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else "")
    return letters.upper()


def ascii_digits(text: str) -> str:
    return text if text.isascii() else "".join(map(_ascii_digit, text))


def fold(text: str) -> str:
    """Return what search compares; kana voicing marks and the virama stay, for without them letters change."""
    if text.isascii():
        return text.lower().replace("`", "'")
    plain = "".join(map(_folded, text))
    # Folding can produce letters that compose or fold again: repeat until stable.
    while (again := unicodedata.normalize("NFC", "".join(map(_folded, plain)))) != plain:
        plain = again
    return plain


@lru_cache(maxsize=8192)
def _folded(char: str) -> str:
    twin = _TWINS.get(char)
    if twin is not None:
        return twin
    parts = unicodedata.normalize("NFKD", char).casefold()
    kept = (
        part
        for part in unicodedata.normalize("NFKD", parts)
        if unicodedata.combining(part) in _KEPT_MARKS and unicodedata.category(part) not in ("Cf", "Cs")
    )
    return unicodedata.normalize("NFC", "".join(_TWINS.get(part, _ascii_digit(part)) for part in kept))


@lru_cache(maxsize=1024)
def _ascii_digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)


def _strip_unseen(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _NEWLINES.sub("\n", text)))


def _visible(text: str) -> str:
    if text.isascii() or any(map(is_seen, text)):
        return text
    return ""


def _may_be_blank(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "ZM" or category in ("Cf", "Cc") or char in _BLANK_LETTERS or char in "\ufffe\uffff"
