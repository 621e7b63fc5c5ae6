"""The one way in for a person: every source's values are read and normalized here."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Self

from crm.people.identity import EmailError, is_placeholder, normalize_email, normalize_passport
from crm.people.limits import LIMITS
from crm.people.matching import Keys, Kind
from crm.values import birthdays, phone
from crm.values.language import LANGUAGES, N_
from crm.values.language import gettext as _
from crm.values.text import clean_line, clean_text, fold, shorten

KEY_FIELDS = {Kind.PHONE: "phone", Kind.EMAIL: "email", Kind.PASSPORT: "passport_number"}
SORT_KEY_LIMIT = 100
BIRTHDAY_SENTENCE = N_("Send a birthday like 1990-02-14, or 02-14 without the year.")
EXTENSION_SENTENCE = N_("Send up to 7 digits.")

_CLEANERS: dict[str, Callable[[str], str]] = {"address": clean_text, "notes": clean_text}
_clean_label = lru_cache(maxsize=4096)(clean_line)
_CLEANERS |= dict.fromkeys(("city", "province", "service_type", "source"), _clean_label)


class Problem(NamedTuple):
    """A problem of a field, as a sentence; `{field}` stands for its label."""

    template: str

    def about(self, label: str = "") -> str:
        return str(self.template).format(field=f"“{label}”" if label else _("this"))


def too_long(over: int, limit: int) -> Problem:
    return Problem(shorten("{field}", over, limit))


class ContactError(ValueError):
    """Contact fields that can't be stored; `problems` says why, by field."""

    def __init__(self, problems: Mapping[str, list[Problem]]) -> None:
        super().__init__("; ".join(f"{name}: {found[0].about()}" for name, found in problems.items()))
        self.problems = problems


@dataclass(frozen=True)
class ContactFields:
    """A person's contact details, as customers and records store them; blank means unknown.

    `phone` is E.164 when `phone_valid`, else as typed. `given` names the fields that were sent. Fields with `problems`
    must not be stored. `language` is a code, of messages. `birthday` is as 02-14; it is read as 1990-02-14 or 02-14.
    """

    name: str = ""
    phone: str = ""
    phone_valid: bool = False
    phone_extension: str = ""
    email: str | None = None
    passport_number: str = ""
    address: str = ""
    city: str = ""
    province: str = ""
    postal_code: str = ""
    service_type: str = ""
    source: str = ""
    language: str = ""
    birthday: str = ""
    birth_year: int | None = None
    notes: str = ""
    given: frozenset[str] = frozenset()
    problems: Mapping[str, list[Problem]] = field(default_factory=dict)

    @classmethod
    def read(cls, values: Mapping[str, Any], region: str) -> Self:
        """Read values by column for an organization of `region` (ISO 3166); other columns are ignored.

        A phone extension may follow the number or be a value of its own.
        """
        reader = _Reader()
        for name, limit in LIMITS.items():
            if name in values:
                reader.read_text(name, values[name] or "", limit)
        found = reader.found
        given = frozenset(found)
        if "phone" in found:
            number = phone.parse(found["phone"], region)
            extension = number.extension or found.get("phone_extension", "")
            found |= {"phone": number.value, "phone_valid": number.valid}
            found["phone_extension"] = extension if number.valid else ""
        if found.get("birthday") and "birthday" not in reader.problems:
            found["birthday"], found["birth_year"] = birthdays.parts(found["birthday"])
        return cls(**found, given=given, problems=reader.problems)

    @classmethod
    def of(cls, row: Any, source: str = "") -> Self:
        """Copy the details of a customer or a record, unparsed."""
        return cls(
            name=clean_line(row.name)[: LIMITS["name"]].rstrip(),
            phone=row.phone or "",
            phone_valid=row.phone_valid or False,
            phone_extension=row.phone_extension or "",
            email=row.email or None,
            passport_number=(row.passport_number or "")[: LIMITS["passport_number"]],
            source=source,
        )

    def checked(self) -> Self:
        """Return itself; raises ContactError for problems."""
        if self.problems:
            raise ContactError(self.problems)
        return self

    def sentences(self) -> dict[str, list[str]]:
        return {name: [problem.about() for problem in found] for name, found in self.problems.items()}

    def known(self) -> Self:
        """Drop placeholders: they identify nobody."""
        values = {column: getattr(self, column) for column in KEY_FIELDS.values()}
        blank: dict[str, Any] = dict.fromkeys(_placeholders(values), "")
        if not blank:
            return self
        if "phone" in blank:
            blank |= {"phone_valid": False, "phone_extension": ""}
        return dataclasses.replace(self, **blank | ({"email": None} if "email" in blank else {}))

    @cached_property
    def keys(self) -> Keys:
        """The values that may identify the person."""
        keys = {}
        if self.phone_valid and self.phone:
            keys[Kind.PHONE] = phone.matching(self.phone)
        if self.email:
            keys[Kind.EMAIL] = self.email
        if self.passport_number and _is_passport(self.passport_number):
            keys[Kind.PASSPORT] = self.passport_number
        return keys

    def write(self, row: Any) -> None:
        """Write the given fields into a customer or a record.

        The same number without an extension keeps its extension.
        """
        for name in self.given.difference(("phone", "phone_extension")):
            setattr(row, name, getattr(self, name))
        if "birthday" in self.given:
            row.birth_year = self.birth_year
        if "phone" in self.given:
            is_kept = row.phone == self.phone and self.phone_valid and "phone_extension" not in self.given
            extension = self.phone_extension or (row.phone_extension or "" if is_kept else "")
            row.phone, row.phone_valid, row.phone_extension = self.phone, self.phone_valid, extension
        elif "phone_extension" in self.given:
            row.phone_extension = self.phone_extension


def without_placeholders(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, **dict.fromkeys(_placeholders(values), "")}


def sort_key(text: str) -> str:
    """Return the key to sort and filter by."""
    return fold(text)[:SORT_KEY_LIMIT]


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.problems: dict[str, list[Problem]] = {}

    def read_text(self, name: str, typed: str, limit: int) -> None:
        text = _CLEANERS.get(name, clean_line)(typed)
        stored = normalize_passport(text) if name == "passport_number" else text
        # The column has to have room for it, too: a few letters become longer when they are written in one way.
        if (over := max(len(text), len(stored)) - limit) > 0:
            self._note(name, too_long(over, limit))
        if name == "phone_extension" and not re.fullmatch("[0-9]*", text):
            self._note(name, Problem(EXTENSION_SENTENCE))
        if name == "language" and name not in self.problems and text not in ("", *LANGUAGES):
            self._note(name, Problem(_("Choose one of %(choices)s.", choices=", ".join(LANGUAGES))))
        if name == "birthday" and name not in self.problems and not _is_birthday(text):
            self._note(name, Problem(BIRTHDAY_SENTENCE))
        # A number is cut by those who parse it.
        cut = stored if name == "phone" else stored[:limit].rstrip()
        self.found[name] = self._email(text) if name == "email" else cut

    def _email(self, text: str) -> str | None:
        try:
            return normalize_email(text)
        except EmailError as error:
            self._note("email", Problem(str(error)))
            return None

    def _note(self, name: str, problem: Problem) -> None:
        self.problems.setdefault(name, []).append(problem)


def _placeholders(values: Mapping[str, Any]) -> list[str]:
    return [name for name in KEY_FIELDS.values() if values.get(name) and is_placeholder(values[name])]


def _is_birthday(text: str) -> bool:
    try:
        return not text or bool(birthdays.parts(text))
    except ValueError:
        return False


def _is_passport(number: str) -> bool:
    """ICAO 9303 allows nine characters; accept five letters and digits, one of them a digit."""
    return 5 <= len(number) <= LIMITS["passport_number"] and any(map(str.isdecimal, number))
