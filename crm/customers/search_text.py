"""The text that a customer is found by, and the terms of a search.

The text is folded words, each after two spaces: `  siti  rahma  6281234567890  081234567890  siti@example.test`.
Trigram indexes find a term of three characters anywhere, and with the spaces one or two at the start of a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from crm.people.contact_fields import ContactFields
from crm.values import phone
from crm.values.text import clean_line, fold

MAX_QUERY = 200
"""Characters."""

MAX_TERMS = 8

_BEFORE_WORD = "  "
_SHORT = 3
_PHONE_LIKE = re.compile(r"[\d+\-()./]+")


@dataclass(frozen=True, slots=True)
class Term:
    needle: str


def search_text(name: str, phone_value: str, phone_valid: bool, region: str, email: str | None, *further: str) -> str:
    """Return the text; `further` are numbers in E.164, addresses and passport numbers."""
    line = clean_line(name)
    words = fold(line).split()
    words += [start for word in words for start in _inner_starts(word)]
    if _OTHERWISE.search(line):
        words += [spelling for word in line.split() for spelling in _spellings(word)]
        words += _without_spaces(words)
    words += phone.spellings(phone_value, region, phone_valid)
    if not phone_valid:
        # "ask Sari 0812…" is found as it was typed, too.
        words += [word for word in _words(phone_value) if not _PHONE_LIKE.fullmatch(word)]
    words += _words(email or "")
    for value in further:
        words += phone.spellings(value, region, True) if value.startswith("+") else _words(value)
    return "".join(_BEFORE_WORD + word for word in dict.fromkeys(words))


def text_of_record(contact: ContactFields, region: str, also: str = "") -> str:
    """Return the text that a lead, a person of a booking or an area customer is found by; `also` follows the name."""
    number = contact.phone, contact.phone_valid, region
    return search_text(f"{contact.name} {also}", *number, contact.email, contact.passport_number)


def text_of_row(row: Mapping[str, Any], region: str, also: str = "") -> str:
    """Return the text of a lead or an area customer in a backup; an erased one is found by nothing."""
    known: dict[str, Any] = {name: row.get(name) or "" for name in ("name", "phone", "email", "passport_number")}
    reached = any(known[name] for name in ("phone", "email", "passport_number"))
    if row.get("do_not_collect") and not row.get("search_text") and not reached:
        return ""
    return text_of_record(ContactFields(**known, phone_valid=bool(row.get("phone_valid"))), region, also)


def text_of_customer(contact: ContactFields, region: str, further: Iterable[tuple[str, str]]) -> str:
    """Return the text that a customer is found by; `further` are values beside the main ones, with their extensions."""
    number = contact.phone, contact.phone_valid, region
    beside = [word for value, extension in further for word in (value, *_dialed_after(extension))]
    also = *_dialed_after(contact.phone_extension), contact.passport_number, *beside
    return search_text(contact.name, *number, contact.email, *also)


@lru_cache(maxsize=1024)
def terms(query: str) -> tuple[Term, ...]:
    """Split a search into terms.

    Words that look like parts of one phone number are one term, in which `+`, a leading `00` and punctuation make no
    difference. Marks count only when nothing else was typed.
    """
    found = _joined(_words(_without_marks_of_numbers(query[:MAX_QUERY])))
    telling = [_plain(word) for word in found if any(map(str.isalnum, word))] or found
    return tuple(
        Term(_BEFORE_WORD + word if len(word) < _SHORT else word) for word in list(dict.fromkeys(telling))[:MAX_TERMS]
    )


def like_pattern(term: Term) -> str:
    r"""Return the pattern of `LIKE … ESCAPE '\'` for a text that contains the term."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", term.needle) + "%"


def fts_phrase(term: Term) -> str:
    """Return the phrase of an FTS5 `MATCH` with the trigram tokenizer."""
    return '"' + term.needle.replace('"', '""') + '"'


def _dialed_after(extension: str) -> tuple[str, ...]:
    return (f"ext{extension}", extension) if extension else ()


def _words(text: str) -> list[str]:
    return fold(clean_line(text)).split()


def _inner_starts(word: str) -> list[str]:
    """Return what short terms find inside a word: marks and what follows (`o'brien`: `'b`, `br`), and CJK letters."""
    if not word.isascii() and _WITHOUT_SPACES.search(word):
        return [word[at : at + 2] for at in range(1, len(word))]
    if word.isalnum():
        return []
    return [word[at : at + 2] for at in range(1, len(word)) if not (word[at].isalnum() and word[at - 1].isalnum())]


_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_ONE_LETTER = re.compile("([aou])e|(a)a")
_OTHERWISE = re.compile("[^\x00-\x7f]|['`]|[aou]e|aa", re.IGNORECASE)
"""What names have that people write in more than one way."""


def _spellings(word: str) -> Iterator[str]:
    """Yield other spellings of a word: Köln and Koeln, O'Brien and OBrien."""
    folded = fold(word)
    yield fold(unicodedata.normalize("NFC", word).lower().translate(_TWO_LETTERS))
    yield _ONE_LETTER.sub(r"\1\2", folded)
    yield folded.replace("'", "")


def _without_spaces(words: list[str]) -> list[str]:
    """Join the words of a name that may be written without spaces."""
    parts = [word for word in words if _WITHOUT_SPACES.search(word)]
    return ["".join(parts)] if parts else []


_NUMBER_LINK = re.compile(
    r"(?:tel:|(?:https?://)?(?:wa\.me/|(?:api\.|web\.)?whatsapp\.com/send/?\?(?:\S*&)?phone=))(\+?[\d\-.()]+)\S*",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"(?<=\d)(?:[;,]? ?(?:extension|extn?|ext)[.:=]? ?| ?[x#] ?)(?=\d{1,7}$)", re.IGNORECASE)


def _without_marks_of_numbers(query: str) -> str:
    """Remove `tel:`, a WhatsApp link, and `ext.` around numbers."""
    return _EXTENSION.sub(" ext ", _NUMBER_LINK.sub(r"\1", query).rstrip())


def _plain(word: str) -> str:
    return word if "@" in word else word.replace("'", "")


def _joined(words: list[str]) -> list[str]:
    """Join each run of phone-like words to the digits of one number."""
    joined: list[str] = []
    run = ""
    for word in words:
        if not _PHONE_LIKE.fullmatch(word):
            joined += [_number(run), word]
            run = ""
        elif word.startswith("+"):
            joined.append(_number(run))
            run = word
        else:
            run += word
    return [word for word in (*joined, _number(run)) if word]


def _number(run: str) -> str:
    """Return the digits to look for: `+62 (0)812`, `+62 0812` and `0062812` are all stored as 62812."""
    digits = re.sub(r"\D", "", run)
    if run.startswith(("+", "00", "(+", "(00")):
        return phone.without_trunk_zero(digits.removeprefix("00"))
    return digits
