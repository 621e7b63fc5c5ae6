"""The words that opt a customer out and in again; pure values (see the delivery contract in CONTRIBUTING)."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Collection

from crm.text import clean_line


class Effect(enum.StrEnum):
    """What an inbound text does: it opts the customer out or in, or may mean STOP, so that a person is asked."""

    STOP = "stop"
    START = "start"
    ASK = "ask"


STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})

LONGEST = 40
"""A text that is longer than this, in characters, is no word."""


def normalized(text: str) -> str:
    """Return `text` in upper case, without spaces and punctuation around it, single spaces within."""
    return _trimmed(clean_line(unicodedata.normalize("NFKC", text[:1_000]))).upper()


def effect_of(text: str, own: Collection[str]) -> Effect | None:
    """Return what a text does: the whole of it is one of the words, or one of the organization's `own`."""
    word = normalized(text)
    if word in own or word in STOP or word.replace(" ", "") in STOP:
        return Effect.STOP
    return Effect.START if word in START else None


def _trimmed(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_around(text[start]):
        start += 1
    while end > start and _is_around(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_around(char: str) -> bool:
    """Say whether it is punctuation, a space or a symbol; marks belong to the letters of many scripts."""
    return unicodedata.category(char)[0] in "PZSC"
