"""Sentences that the database keeps in English and pages show in the reader's language.

`LATE = stored(N_("It was too late on %(day)s."))`. A row gets `LATE.english(day=…)`; a page shows `shown(row.reason)`.
The values `sentence`, `another` and `noun` are in English themselves; `when` and `date` are kept as ISO (`clock.iso`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from crm.values import clock, language
from crm.values.language import gettext

RECURSIVE = frozenset({"sentence", "another", "noun"})
DAYS = frozenset({"when", "date"})
MIN_AROUND = 10
"""Characters: a shorter pattern, like a comma, is tried last."""

_VALUE = re.compile(r"%\(([a-z]{1,20})\)s")


class Stored:
    """A sentence with values by name."""

    def __init__(self, text: str) -> None:
        self.text = str.__str__(text)
        self._literals = _VALUE.split(self.text)[::2]
        self._names = _VALUE.findall(self.text)

    def __call__(self, **values: object) -> str:
        """Return it in the current language."""
        return gettext(self.text, **values)

    def english(self, **values: object) -> str:
        with language.speaking(language.ENGLISH):
            return self.text % values

    def values_in(self, sentence: str) -> dict[str, str] | None:
        """Return the values of an English sentence of this pattern, or None."""
        first, *others = self._literals
        if not others or not sentence.startswith(first):
            return None
        place, found = len(first), []
        for literal in others[:-1]:
            end = sentence.find(literal, place)
            if end < 0:
                return None
            found.append(sentence[place:end])
            place = end + len(literal)
        end = len(sentence) - len(others[-1])
        if end < place or not sentence.endswith(others[-1]):
            return None
        return dict(zip(self._names, [*found, sentence[place:end]], strict=True))

    @property
    def order(self) -> tuple[bool, int]:
        """Sort words around another sentence first, then by how much a pattern says itself."""
        length = sum(map(len, self._literals))
        return "sentence" not in self._names or length < MIN_AROUND, -length


_known: list[Stored] = []


def stored(text: str) -> Stored:
    """Declare a pattern, when a module is imported."""
    made = Stored(text)
    _known.append(made)
    _known.sort(key=lambda one: one.order)
    _shown.cache_clear()
    return made


def shown(sentence: str) -> str:
    """Return a stored sentence in the current language; one that nobody declared stays as it is."""
    code = language.current().code
    english = str.__str__(sentence)
    return _shown(english, code) if english else english


@lru_cache(maxsize=4096)
def _shown(sentence: str, code: str) -> str:
    translated = gettext(sentence.replace("%", "%%"))
    if translated != sentence:
        return translated
    for pattern in _known:
        values = pattern.values_in(sentence)
        if values is not None:
            return pattern(**{name: _value(name, value) for name, value in values.items()})
    return sentence


def _value(name: str, value: str) -> str:
    if name in DAYS:
        return clock.say_iso(value)
    return shown(value) if name in RECURSIVE else value
