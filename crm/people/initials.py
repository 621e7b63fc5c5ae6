"""The letters that stand for a person in a small circle."""

from __future__ import annotations

import functools
import unicodedata


@functools.lru_cache(maxsize=8192)
def initials(name: str) -> str:
    """Return the first letters of the first and the last word, or one letter in scripts without capitals."""
    words = [letter for word in name.split() if (letter := _first_letter(word))]
    if not words:
        return next((char for char in name if char.isalnum()), "")
    first, last = words[0], words[-1]
    is_cased = first.upper() != first.lower()
    return f"{first}{last}".upper() if is_cased and len(words) > 1 else first.upper()


def _first_letter(word: str) -> str:
    """Return the first letter with its marks, "" where there is none."""
    start = next((place for place, char in enumerate(word) if char.isalpha()), None)
    if start is None:
        return ""
    end = start + 1
    while end < len(word) and unicodedata.category(word[end]).startswith("M"):
        end += 1
    return word[start:end]
