"""What a booking may be, and who of its persons is who, as plain values."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from crm.people.contact_fields import ContactFields
from crm.values.language import N_
from crm.values.text import ascii_digits, fold

MAX_PERSONS = 100
NUMBER_LIMIT = 40
"""Characters."""

SERVICE_LIMIT = 200
NOTE_LIMIT = 2_000

FIRST_DAY = dt.date(2000, 1, 1)
LAST_DAY = dt.date(2099, 12, 31)

NO_PERSONS = N_("Enter the name of the main contact.")
TOO_MANY_PERSONS = N_("A booking has %(most)s guests at most. Add another booking for the others.")
TWO_LEADS = "Mark one person as the lead."
DATE_SENTENCE = N_("Enter the date of the booking, like 2026-11-20.")
UNTIL_SENTENCE = N_("Enter the last day, like 2026-11-27, or leave it empty.")
UNTIL_TOO_EARLY = N_("Enter a last day that is not before the first.")

CONTACT: dict[str, str] = {
    "name": N_("Name"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "passport_number": N_("Passport number"),
}
"""Contact fields with their labels."""

TOLD: dict[str, str] = {
    "number": N_("Number"),
    "service": N_("Service"),
    "date": N_("Date"),
    "date_until": N_("Until"),
    "status": N_("Status"),
    "amount": N_("Amount"),
    "branch_id": N_("Branch"),
    "note": N_("Note"),
}
"""Columns whose changes are recorded, with their labels; the others are derived."""

_COMPARED = ("phone", "email", "passport_number")
_NUMBERED = re.compile(r"b-(\d{1,9})", re.ASCII)


def number_key(number: str) -> str:
    """Fold the case of a number."""
    return number.casefold()[:NUMBER_LIMIT]


def count_in(key: str) -> int | None:
    """Return the count of a generated number, 12 for `b-0012`, or None."""
    match = _NUMBERED.fullmatch(key)
    return int(match[1]) if match else None


def numbered(count: int) -> str:
    """Return the generated number of a count, `B-0012`."""
    return f"B-{count:04}"


def date_problem(day: dt.date) -> str | None:
    return None if FIRST_DAY <= day <= LAST_DAY else DATE_SENTENCE


def until_problem(first: dt.date, until: dt.date | None) -> str | None:
    if until is None or first <= until <= LAST_DAY:
        return None
    return UNTIL_TOO_EARLY if until < first else UNTIL_SENTENCE


def is_nothing(amount: str) -> bool:
    """Whether the amount is empty or zero."""
    return re.fullmatch(r"0*(0[.,]0{1,3})?", ascii_digits(amount.strip())) is not None


def who_is_who(
    given: Sequence[ContactFields], ids: Sequence[int | None], known: Mapping[int, ContactFields]
) -> list[int | None]:
    """Return for each given person the id of the known one, or None; each id once.

    An id of the booking in `ids` decides. Otherwise the name decides, and among equal names the most details in common;
    another passport number means another person.
    """
    found: dict[int, int] = {}
    taken: set[int] = set()
    named = [(at, id_) for at, id_ in enumerate(ids) if id_ in known]
    for at, id_ in itertools.chain(named, (pair[1:] for pair in sorted(_namesakes(given, known)))):
        if id_ is not None and at not in found and id_ not in taken:
            found[at] = id_
            taken.add(id_)
    return [found.get(at) for at in range(len(given))]


def _namesakes(given: Sequence[ContactFields], known: Mapping[int, ContactFields]) -> Iterator[tuple[int, int, int]]:
    """Yield pairs with equal names and the number of their differences."""
    for at, one in enumerate(given):
        for id_, other in known.items():
            passports = {one.passport_number, other.passport_number} - {""}
            if fold(one.name) == fold(other.name) and len(passports) < 2:
                yield sum(getattr(one, field) != getattr(other, field) for field in _COMPARED), at, id_
