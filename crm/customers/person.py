"""A person who comes in from elsewhere, and what that changes of the customer they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crm import phone
from crm.customers.identity import EmailError, is_placeholder, normalize_email, normalize_passport
from crm.customers.matching import Keys, Kind, Known
from crm.customers.rules import LIMITS
from crm.text import clean_line

KEY_FIELDS = {Kind.PHONE: "phone", Kind.EMAIL: "email", Kind.PASSPORT: "passport_number"}


@dataclass(frozen=True, slots=True)
class Intake:
    """What a door of intake knows of a person, as it was written there.

    `last_activity` is the moment it speaks of, None for now. `customer_id` is the customer that the same record was
    before: it is followed before any key.
    """

    name: str
    phone: str = ""
    email: str = ""
    passport_number: str = ""
    city: str = ""
    service_type: str = ""
    branch_id: int | None = None
    source: str = "Manual"
    last_activity: dt.datetime | None = None
    customer_id: int | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """An intake, cleaned: `fields` as a customer has them, blank where nothing is known, and the keys among them."""

    fields: Mapping[str, Any]
    keys: Keys
    at: dt.datetime

    @classmethod
    def of(cls, intake: Intake, region: str, now: dt.datetime) -> Contact:
        """Return `intake` as an organization of `region` reads it."""
        number = phone.parse(_known(intake.phone), region)
        email, passport = _email(intake.email), normalize_passport(_known(intake.passport_number))
        keys = {
            Kind.PHONE: number.value if number.valid else "",
            Kind.EMAIL: email or "",
            Kind.PASSPORT: passport if _is_passport(passport) else "",
        }
        fields: dict[str, Any] = {
            "phone": number.value,
            "phone_valid": number.valid,
            "email": email,
            "passport_number": passport[: LIMITS["passport_number"]],
            "branch_id": intake.branch_id,
        }
        for name in ("name", "city", "service_type", "source"):
            fields[name] = clean_line(getattr(intake, name))[: LIMITS[name]].rstrip()
        return cls(fields, {kind: value for kind, value in keys.items() if value}, intake.last_activity or now)


@dataclass(slots=True)
class Person:
    """A customer while people come in: their fields, what else they are known by, and what has changed so far.

    `changes` is `{field: [before, after]}`, `learned` the further keys that are new, `steps` counts both.
    """

    id: int
    fields: dict[str, Any]
    further: set[tuple[Kind, str]] = field(default_factory=set)
    is_new: bool = False
    learned: list[tuple[Kind, str]] = field(default_factory=list)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    steps: int = 0

    def known(self) -> Known:
        """Return what tells whether somebody is this customer."""
        return Known(self.id, self.fields["name"], frozenset(self.own_keys() | self.further))

    def own_keys(self) -> set[tuple[Kind, str]]:
        """Return the keys in the customer's own fields."""
        held = {(kind, self.fields[name]) for kind, name in KEY_FIELDS.items() if self.fields[name]}
        return held if self.fields["phone_valid"] else held - {(Kind.PHONE, self.fields["phone"])}

    def take(self, contact: Contact, *, by_name: bool, taken: frozenset[Kind]) -> None:
        """Let the customer be who has come in: a later one overwrites name and branch, others only fill blanks.

        Kinds that are `taken` are of another customer: the passport number is left there, an e-mail is only
        remembered. Without `by_name` the name is another one and stays.
        """
        before = self.fields["last_activity_at"]
        if before is None or contact.at > before:
            self._overwrite(contact, by_name)
        for name in ("city", "service_type", "branch_id", "source"):
            self._fill(name, contact.fields[name])
        if not self.fields["phone_valid"] and (contact.fields["phone_valid"] or not self.fields["phone"]):
            self._set("phone", contact.fields["phone"])
            self._set("phone_valid", contact.fields["phone_valid"])
        for kind in (Kind.EMAIL, Kind.PASSPORT):
            if kind not in taken:
                self._fill(KEY_FIELDS[kind], contact.fields[KEY_FIELDS[kind]])
        self._learn(contact.keys, taken)

    def _overwrite(self, contact: Contact, by_name: bool) -> None:
        name, archived_at = contact.fields["name"], self.fields["archived_at"]
        # In capitals it is the same name.
        if by_name and name and name.casefold() != self.fields["name"].casefold():
            self._set("name", name)
        if contact.fields["branch_id"]:
            self._set("branch_id", contact.fields["branch_id"])
        self._set("last_activity_at", contact.at)
        if archived_at is not None and contact.at > archived_at:
            self._restore()

    def _learn(self, keys: Keys, taken: frozenset[Kind]) -> None:
        """Remember by what else the customer came; a passport is one person's."""
        known = self.own_keys() | self.further
        for kind, value in keys.items():
            if (kind, value) not in known and not (kind is Kind.PASSPORT and kind in taken):
                self.further.add((kind, value))
                self.learned.append((kind, value))
                self.steps += 1

    def _restore(self) -> None:
        self._set("archived_at", None)
        self._set("archived_by_id", None)
        self._set("is_active", True)

    def _fill(self, name: str, value: Any) -> None:
        if value and not self.fields[name]:
            self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        before = self.fields[name]
        if before != value:
            self.changes.setdefault(name, [before, value])[1] = value
            self.fields[name] = value
            self.steps += 1


def _known(raw: str) -> str:
    """Return what is known: nothing where a placeholder says so."""
    return "" if is_placeholder(raw) else raw


def _email(raw: str) -> str | None:
    """Return an address as customers have it; what is none is not kept, for no customer may have it."""
    try:
        return normalize_email(_known(raw))
    except EmailError:
        return None


def _is_passport(number: str) -> bool:
    """Say whether it may be a passport's: at least five letters and digits, with a digit (ICAO 9303 allows nine)."""
    return 5 <= len(number) <= LIMITS["passport_number"] and any(map(str.isdecimal, number))
