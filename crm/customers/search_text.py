"""The text that a customer is found by, and what a search asks of it.

The text is folded words, each after two spaces: `  siti  rahma  6281234567890  081234567890  siti@example.test`.
Indexes of trigrams find a term of three characters anywhere in it; the two spaces make three characters of the one or
two that a word begins with, so that short terms are found by the same index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from crm import phone
from crm.text import clean_line, fold

MAX_QUERY = 200
"""Characters of a query that are read."""

MAX_TERMS = 8
"""Terms of a query that are looked for."""

_BEFORE_WORD = "  "
_SHORT = 3
_PHONE_LIKE = re.compile(r"[\d+\-()./]+")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that the text must contain; a customer is found when it contains every term of the query."""

    needle: str


def search_text(name: str, phone_value: str, phone_valid: bool, region: str, email: str | None) -> str:
    """Return the text that a customer is found by; `phone_value` as stored, `region` the organization's."""
    words = _words(name)
    words += [start for word in words for start in _inner_starts(word)]
    words += phone.spellings(phone_value, region, phone_valid)
    if not phone_valid:
        # "ask Sari 0812…" is found as it was typed, too.
        words += [word for word in _words(phone_value) if not _PHONE_LIKE.fullmatch(word)]
    words += _words(email or "")
    return "".join(_BEFORE_WORD + word for word in dict.fromkeys(words))


@lru_cache(maxsize=1024)
def terms(query: str) -> tuple[Term, ...]:
    """Return what `query` asks for; nothing when it is blank.

    Words that look like parts of one phone number are one term, in which `+`, a leading `00` and punctuation make no
    difference. A term of one or two characters is the beginning of a word. Marks alone count only when nothing else
    was typed.
    """
    found = _joined(_words(query[:MAX_QUERY]))
    telling = [word for word in found if any(map(str.isalnum, word))] or found
    return tuple(
        Term(_BEFORE_WORD + word if len(word) < _SHORT else word) for word in list(dict.fromkeys(telling))[:MAX_TERMS]
    )


def like_pattern(term: Term) -> str:
    r"""Return the pattern of `LIKE … ESCAPE '\'` for a text that contains the term."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", term.needle) + "%"


def fts_phrase(term: Term) -> str:
    """Return the phrase of an FTS5 `MATCH`, with the trigram tokenizer, for a text that contains the term."""
    return '"' + term.needle.replace('"', '""') + '"'


def _words(text: str) -> list[str]:
    return fold(clean_line(text)).split()


def _inner_starts(word: str) -> list[str]:
    """Return what short terms find inside a word: its marks and what follows them (`o'brien`: `'b`, `br`)."""
    if word.isalnum():
        return []
    return [word[at : at + 2] for at in range(1, len(word)) if not (word[at].isalnum() and word[at - 1].isalnum())]


def _joined(words: list[str]) -> list[str]:
    """Return `words` with each run of phone-like ones as the digits of one number."""
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
    """Return the digits to look for: `+62 (0)812` and `0062812` are both stored as 62812."""
    if run.startswith(("+", "00", "(+", "(00")):
        run = run.replace("(0)", "")
    return re.sub(r"^00", "", re.sub(r"\D", "", run))
