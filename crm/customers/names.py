"""Whether two names may be one person's, as a clerk who reads both would say.

People are written with and without titles, in other spellings of the same sound, with a typo, with the family name
first or left out. A brother on the same phone has the same family name and another given name: that is not a typo.
"""

from __future__ import annotations

import re
from functools import lru_cache

from crm.text import clean_line, fold

_TITLES = """
bapak bpk pak ibu bu sdr sdri tn ny nn h hj haji hajah hajjah hafiz hafidz ust ustadz ustadzah drs dra ir dr prof
mr mrs ms miss mst mist sir madam mme m mlle herr frau sr sra srta
"""

_SHARED = """
muhammad muhamad muhammed mohammad mohammed mohamad mohamed mohd moh muh md
siti sitti sitty st syed sayed sayyid syeda sayyeda saiyida sayyida abdul
"""
"""Given names that so many share that the next word is the one they are called by."""

_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("dj|dz", "j"),
        ("^uth", "us"),
        ("oe|ou|oo|uu|au", "u"),
        ("ie|ee|ii", "i"),
        ("aa", "a"),
        ("(?<=[aeiou])ch|kh", "h"),
        ("sy|sj|sh", "s"),
        ("([bdgt])h", r"\1"),
        ("ph|v|f", "p"),
        ("q", "k"),
        ("o", "u"),
        ("[jy]", "i"),
        (r"(.)\1+", r"\1"),
        ("(?<=..)h$", ""),
    )
)
"""Spellings of one sound, old and new, Indonesian, Urdu and Arabic in Latin letters, in the order they are replaced."""

_VOWELS = frozenset("aeiou")
_titles, _shared = frozenset(_TITLES.split()), frozenset(_SHARED.split())


@lru_cache(maxsize=8192)
def names_agree(one: str, other: str) -> bool:
    """Say whether two names may be one person's; a name of no words agrees with every one.

    The word that somebody is called by decides: the first that is neither a title nor a name that all share. Where
    both have further words, one of them has to agree, too. The same words in another order agree.
    """
    first, second = _words(one), _words(other)
    if not first or not second:
        return True
    if len(first) == len(second) > 1 and all(map(_alike, sorted(first), sorted(second))):
        return True
    if not _called_alike(first, second):
        return False
    return not (first[1:] and second[1:]) or any(_akin(a, b) for a in first[1:] for b in second[1:])


def _words(name: str) -> list[str]:
    """Return the words of a name that tell people apart, all of them when none does; an initial keeps its point."""
    family, comma, given = fold(clean_line(name)).partition(",")
    words = re.findall(r"[^\W\d_]+\.?", f"{given} {family}" if comma else family)
    untitled = [word for word in words if word.rstrip(".") not in _titles] or words
    return [word for word in untitled if not _is_shared(word.rstrip("."))] or untitled


def _is_shared(word: str) -> bool:
    return word in _shared or (len(word) > 6 and _slips(word, "muhammad") <= 2)


def _called_alike(first: list[str], second: list[str]) -> bool:
    if _alike(first[0], second[0]):
        return True
    initial = _shortens(first[0], second[0]) or _shortens(second[0], first[0])
    return initial and any(_alike(a, b) for a in first[1:] for b in second[1:])


def _alike(one: str, other: str) -> bool:
    """Say whether two words are one name in two spellings, or with a slip of the pen."""
    one, other = one.rstrip("."), other.rstrip(".")
    if one == other:
        return True
    sound, other_sound = _sound(one), _sound(other)
    if sound == other_sound:
        return True
    return _slips(one, other) <= _allowed(one, other) or _slips(sound, other_sound) <= _allowed(sound, other_sound)


def _akin(one: str, other: str) -> bool:
    """Say whether two family names may be one: less is asked of them, for they don't tell a family apart."""
    if _alike(one, other) or _shortens(one, other) or _shortens(other, one):
        return True
    sound, other_sound = _sound(one), _sound(other)
    return _slips(sound, other_sound) <= max(len(sound), len(other_sound)) // 3


def _shortens(one: str, other: str) -> bool:
    """Say whether `one` is written for `other`: an initial, or its beginning with a point."""
    bare = one.rstrip(".")
    return (len(bare) == 1 or (one.endswith(".") and len(bare) <= 4)) and other.startswith(bare)


@lru_cache(maxsize=8192)
def _sound(word: str) -> str:
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


def _allowed(one: str, other: str) -> int:
    longest = max(len(one), len(other))
    return 0 if longest < 5 else 1 if longest < 8 else 2


@lru_cache(maxsize=8192)
def _slips(one: str, other: str) -> int:
    """Return how many slips lie between two words: a letter left out, doubled, changed or swapped with its neighbour.

    The distance of Damerau and Levenshtein (optimal string alignment), where what is no slip counts twice: a
    consonant for a consonant, another first letter, another vowel at the end; Rabia is not Rania, nor Rina Rini.
    """
    if abs(len(one) - len(other)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, b in enumerate(other, 1):
            cost = 0 if a == b else 2 if _tells(i, j, one, other) else 1
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + cost)
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, above[j - 2] + 1)
            row.append(best)
    return row[-1]


def _tells(i: int, j: int, one: str, other: str) -> bool:
    a, b = one[i - 1], other[j - 1]
    at_an_end = i == j == 1 or (i == len(one) and j == len(other))
    return at_an_end or (a not in _VOWELS and b not in _VOWELS)
