"""What names a person, and how it is masked where others wrote of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from crm.values import phone
from crm.values.language import N_
from crm.values.stored import stored

MASK = "[…]"
INACTIVE = stored(N_("Inactive for %(months)s months"))
"""Why the worker erased somebody."""
LIST_DAYS = 14
"""For how long people can look at who is to be erased."""
RULES = ("inactive_months", "messages_days", "inbound_days", "imports_days", "deliveries_days", "hold_years")
MOST_COPIES = 30
"""Copies of people's data that a user may download within an hour."""
LARGE_COPY = 2_000
"""Rows: a copy with more is written by the worker."""
_BETWEEN = r"[\s().\-/]{0,2}"
_SPACE = r"(?:\s|\+|%20|_){1,3}"
_FEWEST_DIGITS = 6
_FEWEST_LETTERS = 5
"""A shorter name of one word stands within too many texts that mean something else."""


def erased_name(number: int) -> str:
    return f"Erased customer {number}"


def is_erased_name(name: str) -> bool:
    return re.fullmatch(r"Erased customer \d+", name) is not None


@dataclass
class Named:
    """All that is known to name one person, now or before."""

    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    passports: set[str] = field(default_factory=set)

    def learn(self, kind: str, value: Any) -> None:
        found = {"name": self.names, "phone": self.phones, "email": self.emails, "passport_number": self.passports}
        if isinstance(value, str) and value.strip() and kind in found and not is_erased_name(value):
            found[kind].add(value.strip())


class Masking:
    """Masks what names a person; `others` are names of one word that others have too, which stay."""

    def __init__(self, named: Named, region: str, others: Iterable[str] = ()) -> None:
        shared = {name.casefold() for name in others}
        self.names = [name for name in sorted(named.names, key=len, reverse=True) if _is_whole(name, shared)]
        self.numbers = sorted(_digits_of(named.phones, region), key=len, reverse=True)
        self.words = sorted(
            {*named.emails, *(word for word in named.passports if len(word) > 3)}, key=len, reverse=True
        )
        self._pattern = _pattern(self)

    def mask(self, value: Any) -> Any:
        """Return a value of text or JSON with the person masked."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self._mask_text(value)
        if isinstance(value, list):
            return [self.mask(item) for item in value]
        if isinstance(value, dict):
            return {self.mask(key): self.mask(item) for key, item in value.items()}
        return value

    def names_them(self, value: Any) -> bool:
        return bool(self.mask(value) != value)

    def hints(self) -> set[str]:
        """Return short texts of which each value that names the person has at least one, in any case of letters."""
        found = {max(re.split(r"\s+", name), key=len) for name in self.names}
        found |= {number[-3:] for number in self.numbers} | set(self.words)
        # Databases compare ASCII in any case by themselves; each further case is asked of every row.
        cases = {case for hint in found for case in _cases(hint)}
        return cases | {json.dumps(case)[1:-1] for case in cases}

    def _mask_text(self, text: str) -> str:
        if text[:1] in ("{", "["):
            try:
                inside = json.loads(text)
            except ValueError:
                pass
            else:
                masked = self.mask(inside)
                return text if masked == inside else json.dumps(masked)
        return self._pattern.sub(MASK, text) if self._pattern else text


def _cases(hint: str) -> tuple[str, ...]:
    return (hint.lower(),) if hint.isascii() else (hint, hint.lower(), hint.upper(), hint.title())


def _pattern(masking: Masking) -> re.Pattern[str] | None:
    parts = [rf"(?<!\w){_SPACE.join(map(re.escape, name.split()))}(?!\w)" for name in masking.names]
    parts += [re.escape(word) for word in masking.words]
    parts += [rf"\+?(?<!\d){_BETWEEN.join(number)}(?!\d)" for number in masking.numbers]
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _is_whole(name: str, shared: set[str]) -> bool:
    return " " in name or (len(name) >= _FEWEST_LETTERS and name.casefold() not in shared)


def _digits_of(phones: Iterable[str], region: str) -> Iterator[str]:
    found = set()
    for number in phones:
        for variant in phone.variants(number):
            found |= set(phone.spellings(variant, region, variant.startswith("+")))
        found.add(phone.digits(number))
    yield from (number for number in found if len(number) >= _FEWEST_DIGITS)
