"""How plausible the words are that bytes make in an encoding."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from itertools import pairwise

from crm.imports.reading.alphabets import COMMON, EAST_ASIAN, FAMILIES

LINES = 400
SAMPLE = 32 * 1024
PLAUSIBLE = 0.1
STRANGE = -2.0
"""For a sign inside a word, a capital after a small letter, letters of two scripts in one word."""
LATER_IN_LIST, OWN_LANGUAGE = 0.004, 0.03
SLIPS = 50
ONE_LANGUAGE, CAPITAL = 0.3, 0.1

_ASCII = bytes(range(128))
_WORD = re.compile(r"[^\s,;|\"<>()/\\@.:=+0-9_&!?%#*\[\]{}-]+")
_USUAL = frozenset(
    "\u2019\u2018\u201c\u201d\u201e\u201a\u2013\u2014\u2026\u2022\u00b7\u00ab\u00bb\u00b0\u20ac\u00a3\u2116\u00a7\u00ae\u2122\u00a1\u00bf\u00aa\u00ba\u060c\u061b\u061f\u06d4"
)
_EAST_SIGNS = frozenset(
    "\u3000\u3001\u3002\u30fb\u300c\u300d\u300e\u300f\uff08\uff09\uff1a\uff1b\uff0d\uff5e\u30fc\u3005"
    "\u3012\uff0c\uff0e\uff0f\uff20\uff01\uff1f\u300a\u300b\u3010\u3011"
)


def ranked(sample: bytes, language: str) -> tuple[str, ...]:
    """Return the encodings that make words of lines beyond ASCII, the best first; `language` breaks a tie."""
    some = b"\n".join(sample.split(b"\n")[:LINES])[:SAMPLE]
    scores: dict[str, float] = {}
    for number, family in enumerate(FAMILIES):
        own = OWN_LANGUAGE * (language in family.languages)
        for place, encoding in enumerate(family.encodings):
            text = _decoded(some, encoding)
            if text is not None:
                scores[encoding] = _score(text, number) / _beyond(some) - LATER_IN_LIST * place + own
    for encoding, tongue in EAST_ASIAN.items():
        text = _decoded(some, encoding)
        if text is not None:
            own = OWN_LANGUAGE * (tongue.partition("-")[0] == language)
            scores[encoding] = _score_east(text, tongue) / _beyond(some) + own
    return tuple(sorted((name for name, score in scores.items() if score > PLAUSIBLE), key=lambda name: -scores[name]))


def _beyond(sample: bytes) -> int:
    return max(len(sample.translate(None, _ASCII)), 1)


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        return sample.decode(encoding)
    except UnicodeError:
        # A byte that means nothing may be a slip, or the end of the sample; more are another encoding.
        text = sample.decode(encoding, "replace")
        return text if text.count("\ufffd") * SLIPS <= _beyond(sample) else None


def _score(text: str, family: int) -> float:
    """Return the score of words, each in its best language, and less where these are many languages."""
    scores = [_word_scores(word, family) for word in _WORD.findall(text) if not word.isascii()]
    if not scores:
        return 0.0
    in_one = max(map(sum, zip(*scores, strict=True)))
    return (1 - ONE_LANGUAGE) * sum(map(max, scores)) + ONE_LANGUAGE * in_one


@cache
def _weights(family: int) -> tuple[dict[str, float], ...]:
    """Return the weights of letters for each language: frequent ones of a whole alphabet count more."""
    found = []
    for alphabet in FAMILIES[family].languages.values():
        is_whole, size = FAMILIES[family].is_whole, len(alphabet)
        weights = {char: 1.25 - place / size if is_whole else 1.0 for place, char in enumerate(alphabet)}
        capitals = {char.upper(): weight for char, weight in weights.items() if len(char.upper()) == 1}
        found.append(capitals | ({"\u0130": 1.0} if "\u0131" in weights else {}) | weights)
    return tuple(found)


@lru_cache(maxsize=20_000)
def _word_scores(word: str, family: int) -> tuple[float, ...]:
    """Return the score in each language of the family."""
    weights = _weights(family)
    letters = [char for char in word if not char.isascii() and char not in _USUAL]
    strange = sum(STRANGE for char in letters if unicodedata.category(char)[0] not in "LM")
    strange += STRANGE * len(
        re.findall("(?<=[^\\W\\d_])[\u201c\u201d\u201e\u20ac\u2122\u2022\u2026\u201a](?=[^\\W\\d_])", word)
    )
    letters = [char for char in letters if unicodedata.category(char)[0] in "LM"]
    if not letters:
        return (strange,) * len(weights)
    strange += STRANGE * _case_breaks(word)
    is_whole = FAMILIES[family].is_whole
    plain = sum(char.isascii() and char.isalpha() for char in word)
    if is_whole:
        strange += STRANGE * min(plain, len(letters))
    elif len(letters) > 2 and len(letters) > plain:
        strange += 0.5 * STRANGE * (len(letters) - plain)
    # All capitals are possible, but less usual; a capital at the beginning is usual.
    strange += CAPITAL * (word[0].isupper() and not word[0].isascii() and word[1:].islower())
    strange -= 0.1 * len(letters) if word.isupper() and len(word) > 1 else 0
    return tuple(sum(own.get(char, -1.0) for char in letters) + strange for own in weights)


def _case_breaks(word: str) -> int:
    """Count capitals after small letters, but for names like McDonald and O'Neill."""
    if word.isupper():
        return 0
    breaks = sum(1 for before, char in pairwise(word) if char.isupper() and (before.islower() or not char.isascii()))
    is_name = breaks == 1 and word[:2].lower() in ("mc", "ma", "de", "la", "le", "di", "va", "o'")
    return 0 if is_name and word.isascii() else breaks


def _score_east(text: str, tongue: str) -> float:
    return sum(_east_word_score(word, tongue) for word in _WORD.findall(text) if not word.isascii())


@cache
def _common(tongue: str) -> frozenset[str]:
    return frozenset(COMMON[tongue])


@lru_cache(maxsize=20_000)
def _east_word_score(word: str, tongue: str) -> float:
    """Score a word; a character is two bytes."""
    common, total, kinds = _common(tongue), 0.0, set()
    for char in word:
        if char.isascii():
            total += STRANGE / 2 if char.isalpha() else 0
        elif char in common:
            total += 2.4
            kinds.add("hangul" if "\uac00" <= char <= "\ud7a3" else "han")
        elif "\u3041" <= char <= "\u30fe":
            total += 2.2 if tongue == "ja" else 0.4
        elif "\uac00" <= char <= "\ud7a3":
            total += 1.2 if tongue == "ko" else -1
            kinds.add("hangul")
        elif "\u4e00" <= char <= "\u9fff":
            total += 0.9 * _is_usual(char, tongue) - (0.8 if tongue == "ko" else 0.1)
            kinds.add("han")
        elif char in _EAST_SIGNS or "\uff10" <= char <= "\uff5a":
            total += 1.0
        else:
            total += STRANGE
    return total + (STRANGE if len(kinds) > 1 else 0)


@lru_cache(maxsize=20_000)
def _is_usual(char: str, tongue: str) -> bool:
    """Whether the character is in the first, frequent half of the language's own set."""
    encoding, first, last = {
        "ja": ("euc_jp", 0xB0, 0xCF),
        "zh": ("gb2312", 0xB0, 0xD7),
        "zh-Hant": ("big5", 0xA4, 0xC6),
        "ko": ("euc_kr", 0xB0, 0xC8),
    }[tongue]
    try:
        return first <= char.encode(encoding)[0] <= last
    except UnicodeError:
        return False
