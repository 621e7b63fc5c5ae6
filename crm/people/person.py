"""A person who comes in from elsewhere, and what that changes of the customer they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from crm.people.identity import EmailError, is_placeholder, is_stopgap, normalize_email, normalize_passport
from crm.people.limits import LIMITS
from crm.people.matching import Key, Keys, Kind, Known
from crm.people.names import is_better
from crm.values import phone
from crm.values.text import clean_line, fold

KEY_FIELDS = {Kind.PHONE: "phone", Kind.EMAIL: "email", Kind.PASSPORT: "passport_number"}
FIELDS = (
    *("name", "phone", "phone_valid", "email", "passport_number", "city", "service_type", "branch_id", "source"),
    *("phone_extension", "last_activity_at", "archived_at", "archived_by_id", "is_active"),
)
"""The columns of a customer that intake reads and writes."""


class Intake(NamedTuple):
    """What a door of intake knows of a person, as it was written there.

    `last_activity` is the moment it speaks of, None for now. `customer_id` is the customer that the same record was
    before: it is followed before any key. `phone_valid` is of a record that keeps phone, e-mail and passport number as
    customers have them, and says whether the phone is E.164: nothing of it is parsed again. None: all is as typed.
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
    phone_valid: bool | None = None
    phone_extension: str = ""


class Contact(NamedTuple):
    """An intake, cleaned: `fields` as a customer has them, blank where nothing is known, and the keys among them."""

    fields: dict[str, Any]
    keys: Keys
    at: dt.datetime

    @classmethod
    def of(cls, intake: Intake, region: str, now: dt.datetime) -> Contact:
        """Return `intake` as an organization of `region` reads it; `now` is the moment it speaks of by default."""
        if intake.phone_valid is None:
            number = phone.parse(_known(intake.phone), region)
            dialed, valid, extension = number.value, number.valid, number.extension
            email, passport = _email(intake.email), normalize_passport(_known(intake.passport_number))
        else:
            dialed, valid, extension = _known(intake.phone), intake.phone_valid, intake.phone_extension
            email, passport = _known(intake.email) or None, _known(intake.passport_number)
        keys = {}
        if valid and dialed:
            keys[Kind.PHONE] = phone.matching(dialed)
        if email:
            keys[Kind.EMAIL] = email
        if passport and _is_passport(passport):
            keys[Kind.PASSPORT] = passport
        fields = {
            "name": _line(intake.name, "name"),
            "phone": dialed,
            "phone_valid": valid,
            "phone_extension": extension,
            "email": email,
            "passport_number": passport[: LIMITS["passport_number"]],
            "city": _label(intake.city, "city"),
            "service_type": _label(intake.service_type, "service_type"),
            "branch_id": intake.branch_id,
            "source": _label(intake.source, "source"),
        }
        return cls(fields, keys, intake.last_activity or now)


@dataclass(slots=True)
class Person:
    """A customer while people come in: their fields, all that they are known by, and what has changed so far.

    `changes` is `{field: [before, after]}`, `learned` the keys that are new and not in the fields, as they are stored
    and with a number's extension, `steps` counts changes of both. `further` are the values of the keys that are stored
    beside the fields. `phone` is the number that they came with last. Numbers among `keys`, and `phone`,
    are as `phone.matching` has them.
    """

    id: int
    fields: dict[str, Any]
    keys: set[Key]
    phone: str = ""
    is_new: bool = False
    further: list[str] = field(default_factory=list)
    learned: list[tuple[Kind, str, str]] = field(default_factory=list)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    steps: int = 0
    _known: Known | None = None

    @classmethod
    def stored(cls, id_: int, fields: dict[str, Any]) -> Person:
        """Return a customer as they are in the database."""
        number = phone.matching(fields["phone"]) if fields["phone_valid"] else ""
        keys = ((Kind.PHONE, number), (Kind.EMAIL, fields["email"]), (Kind.PASSPORT, fields["passport_number"]))
        return cls(id_, fields, {key for key in keys if key[1]}, number)

    @classmethod
    def new(cls, id_: int, contact: Contact, taken: Collection[Kind], branch_id: int | None) -> Person:
        """Return a customer who is as they came in, in a branch unless they name one; without what others have."""
        fields = contact.fields | {
            "branch_id": contact.fields["branch_id"] or branch_id,
            "last_activity_at": contact.at,
            "archived_at": None,
            "archived_by_id": None,
            "is_active": True,
        }
        if taken:
            fields |= {"email": None} if Kind.EMAIL in taken else {}
            fields |= {"passport_number": ""} if Kind.PASSPORT in taken else {}
        person = cls(id_, fields, set(), is_new=True)
        if taken:
            # Who is new may share a phone or an e-mail; a passport is one person's.
            person._learn(contact, {Kind.PASSPORT}.intersection(taken))
        else:
            person.keys.update(contact.keys.items())
            person.phone = contact.keys.get(Kind.PHONE, "")
        return person

    def has_main(self, kind: Kind, value: str) -> bool:
        """Say whether a key is in the customer's own fields, not beside them."""
        own = self.fields[KEY_FIELDS[kind]] or ""
        return (phone.matching(own) if kind is Kind.PHONE else own) == value

    def remember(self, key: Key) -> None:
        """Let the customer be known by a further key, later than all before."""
        self.keys.add(key)
        if key[0] is Kind.PHONE:
            self.phone = key[1]
        self._known = None

    def known(self) -> Known:
        """Return what tells whether somebody is this customer."""
        if self._known is None:
            self._known = Known(self.id, self.fields["name"], frozenset(self.keys), self.phone)
        return self._known

    def is_called(self, name: str) -> bool:
        """Say whether the customer has exactly this name, but for case and accents."""
        return name_key(self.fields["name"]) == name_key(name)

    def take(self, contact: Contact, *, by_name: bool, taken: Collection[Kind]) -> None:
        """Let the customer be who has come in: a later one overwrites name and branch, others only fill blanks.

        Kinds that are `taken` are of another customer, and what is theirs is left there. Without `by_name` the name is
        another one: it stays, the branch too, nobody leaves the archive, and nothing is learned to be known by.
        """
        before = self.fields["last_activity_at"]
        if before is None or contact.at > before:
            self._overwrite(contact, by_name)
        theirs, own = contact.fields, self.fields
        for name in ("city", "service_type", "branch_id", "source"):
            if theirs[name] and not own[name]:
                self._set(name, theirs[name])
        if by_name:
            self._fill_keys(contact, taken)
            if not self.keys.issuperset(contact.keys.items()):
                self._learn(contact, taken)

    def _fill_keys(self, contact: Contact, taken: Collection[Kind]) -> None:
        theirs, own = contact.fields, self.fields
        if Kind.PHONE not in taken and not own["phone_valid"] and (theirs["phone_valid"] or not own["phone"]):
            self._set("phone", theirs["phone"])
            self._set("phone_valid", theirs["phone_valid"])
        if theirs["phone_extension"] and not own["phone_extension"] and theirs["phone"] == own["phone"]:
            self._set("phone_extension", theirs["phone_extension"])
        if theirs["email"] and not own["email"] and Kind.EMAIL not in taken:
            self._set("email", theirs["email"])
        passport = theirs["passport_number"]
        if (
            passport
            and Kind.PASSPORT not in taken
            and (not own["passport_number"] or (is_stopgap(own["passport_number"]) and not is_stopgap(passport)))
        ):
            self._set("passport_number", passport)

    def _overwrite(self, contact: Contact, by_name: bool) -> None:
        name, own, archived_at = contact.fields["name"], self.fields["name"], self.fields["archived_at"]
        if by_name and name and name != own and is_better(name, own):
            self._set("name", name)
        if by_name and contact.fields["branch_id"]:
            self._set("branch_id", contact.fields["branch_id"])
        self._set("last_activity_at", contact.at)
        if by_name and archived_at is not None and contact.at > archived_at:
            self._restore()

    def _learn(self, contact: Contact, theirs: Collection[Kind]) -> None:
        """Remember by what else the customer came, without the kinds that are others' and stay `theirs`."""
        for key in contact.keys.items():
            kind = key[0]
            if key in self.keys or kind in theirs:
                continue
            self.remember(key)
            value = contact.fields[KEY_FIELDS[kind]]
            if self.fields[KEY_FIELDS[kind]] != value:
                extension = contact.fields["phone_extension"] if kind is Kind.PHONE else ""
                self.learned.append((kind, value, extension))
                self.steps += 1

    def _restore(self) -> None:
        self._set("archived_at", None)
        self._set("archived_by_id", None)
        self._set("is_active", True)

    def _set(self, name: str, value: Any) -> None:
        before = self.fields[name]
        if before != value:
            change = self.changes.setdefault(name, [before, value])
            change[1] = self.fields[name] = value
            if change[0] == value:
                del self.changes[name]
            self.steps += 1
            self._known = None


def name_key(name: str) -> str:
    """Return what customers are sorted and filtered by."""
    return fold(name)[:100]


def _known(raw: str) -> str:
    """Return what is known: nothing where a placeholder says so."""
    return "" if not raw or is_placeholder(raw) else raw


def _line(raw: str, field_name: str) -> str:
    return clean_line(raw)[: LIMITS[field_name]].rstrip() if raw else ""


@lru_cache(maxsize=4096)
def _label(raw: str, field_name: str) -> str:
    """Return a line that many have alike."""
    return _line(raw, field_name)


def _email(raw: str) -> str | None:
    """Return an address as customers have it; what is none is not kept, for no customer may have it."""
    try:
        return normalize_email(_known(raw))
    except EmailError:
        return None


def _is_passport(number: str) -> bool:
    """Say whether it may be a passport's: at least five letters and digits, with a digit (ICAO 9303 allows nine)."""
    return 5 <= len(number) <= LIMITS["passport_number"] and any(map(str.isdecimal, number))
