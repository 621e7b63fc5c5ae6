"""The words that columns are headed with, in the languages of the product and of the lists that people bring."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

from crm.values.text import fold

WORDS = Path(__file__).with_name("synonyms.tsv")
_SIGNS = re.compile(r"[\s_.,:;/\\()\[\]*#\"'\u2019\u00b4`?!\u061f+&-]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_COUNTED = re.compile(r" ?\d{1,2}$")
MAX_HEADER = 80


@lru_cache(maxsize=4096)
def folded(header: str) -> str:
    """Return what headers are compared by: no case, accents, articles, signs; `firstName` is `first name`."""
    return _SIGNS.sub(" ", fold(_CAMEL.sub(" ", header[:MAX_HEADER]))).strip()


@cache
def _fields() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in WORDS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            field, _language, words = line.split("\t")
            for word in words.split(", "):
                found.setdefault(folded(word), field)
    return found


@lru_cache(maxsize=4096)
def field_of(header: str) -> str:
    """Return the field that a header names; "" for none."""
    known = _fields()
    # `WhatsApp` is one word.
    for word in (folded(header), folded(header.lower())):
        # `Phone 2`, and `Telefon (mobil)` by its first word.
        if field := known.get(word) or known.get(_COUNTED.sub("", word)):
            return field
    return _by_first(header, known)


def _by_first(header: str, known: dict[str, str]) -> str:
    head, bracket, _ = header.partition("(")
    if not bracket:
        head, bracket, _ = header.partition(" / ")
    return known.get(folded(head), "") if bracket and head.strip() else ""
