"""What a booking may be, and who of its persons is who, as plain values."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from crm.values.text import ascii_digits, fold

MAX_PERSONS = 100
NUMBER_LIMIT = 40
"""The most characters of a booking's number."""

FIRST_DAY = dt.date(2000, 1, 1)
LAST_DAY = dt.date(2099, 12, 31)

NO_PERSONS = "Enter the name of the lead person."
TOO_MANY_PERSONS = f"A booking has {MAX_PERSONS} persons at most. Make another booking for the others."
TWO_LEADS = "Mark one person as the lead."
DATE_SENTENCE = "Enter the day of the booking, like 2026-11-20."

CONTACT = {"name": "Name", "phone": "Phone", "email": "E-mail", "passport_number": "Passport number"}
"""What is known of a person, as people call it."""

TOLD = {"number": "Number", "date": "Date", "status": "Status", "amount": "Amount", "branch_id": "Branch"}
"""What of a booking events tell, as people call it; the other columns follow from these."""

_NUMBERED = re.compile(r"b-(\d{1,9})", re.ASCII)


class Said(NamedTuple):
    """A person as a booking tells of them, normalized; `id` of one that is there, None for nobody in particular."""

    id: int | None
    name: str
    phone: str
    email: str | None
    passport_number: str


def number_key(number: str) -> str:
    """Return what two numbers have in common that are the same but for the case of letters."""
    return number.casefold()[:NUMBER_LIMIT]


def count_in(key: str) -> int | None:
    """Return how far a number of our own counts, 12 of `b-0012`; None for another sort of number."""
    match = _NUMBERED.fullmatch(key)
    return int(match[1]) if match else None


def numbered(count: int) -> str:
    """Return the number of our own that counts so far: `B-0012`."""
    return f"B-{count:04}"


def date_problem(day: dt.date) -> str | None:
    """Say what is wrong with a booking's day, or nothing."""
    return None if FIRST_DAY <= day <= LAST_DAY else DATE_SENTENCE


def is_nothing(amount: str) -> bool:
    """Say whether people mean with `amount` that nothing is charged: nothing typed, or a zero."""
    return re.fullmatch(r"0*(0[.,]0{1,2})?", ascii_digits(amount.strip())) is not None


def who_is_who(given: Sequence[Said], known: Mapping[int, Said]) -> list[int | None]:
    """Return for each given person the id of the known one who it is, None for somebody new; each id once.

    Whoever comes with an id of the booking is that person. Others are known by their name, and of several by this
    name the one who has most in common; another passport number is another person's.
    """
    found: dict[int, int] = {}
    taken: set[int] = set()
    named = [(at, one.id) for at, one in enumerate(given) if one.id in known]
    for at, id_ in itertools.chain(named, (pair[1:] for pair in sorted(_namesakes(given, known)))):
        if id_ is not None and at not in found and id_ not in taken:
            found[at] = id_
            taken.add(id_)
    return [found.get(at) for at in range(len(given))]


def _namesakes(given: Sequence[Said], known: Mapping[int, Said]) -> Iterator[tuple[int, int, int]]:
    """Yield those who may be the same with how much they differ: the less, the sooner they are."""
    for at, one in enumerate(given):
        for id_, other in known.items():
            passports = {one.passport_number, other.passport_number} - {""}
            if fold(one.name) == fold(other.name) and len(passports) < 2:
                yield sum(mine != theirs for mine, theirs in zip(one[2:], other[2:], strict=True)), at, id_
