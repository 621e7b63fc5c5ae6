"""What a row of a file changes of a customer; pure, on a `Person`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from crm.customers.rules import MARKETING, Consent
from crm.imports.entries import Entry
from crm.imports.fields import CONSENTS
from crm.imports.states import Mode
from crm.people.contact_fields import ContactFields
from crm.people.matching import Key, Kind
from crm.people.names import is_better
from crm.people.person import Person

FILLED = ("city", "service_type", "language", "address", "province", "postal_code", "notes")
"""Fields that fill blanks, and are taken over where they were chosen."""
CLEARED: dict[str, dict[str, Any]] = {name: {name: ""} for name in (*FILLED, "source", "passport_number")} | {
    "phone": {"phone": "", "phone_valid": False, "phone_extension": ""},
    "phone_extension": {"phone_extension": ""},
    "email": {"email": None},
    "branch": {"branch_id": None},
    "birthday": {"birthday": "", "birth_year": None},
}
SOURCE = "Import"


class Rules(NamedTuple):
    """`overwritten` are the fields that are taken over, all if None; blanks are filled anyway."""

    mode: Mode
    overwritten: Collection[str] | None = None

    def takes_over(self, field: str) -> bool:
        if self.overwritten is None:
            return self.mode is Mode.OVERWRITE
        return self.mode in (Mode.OVERWRITE, Mode.EXISTING) and field in self.overwritten


FILL_ONLY = Rules(Mode.ADD)


def complete_new(person: Person, entry: Entry, now: dt.datetime | None) -> None:
    """Give a new customer what the intake does not know."""
    contact, fields = entry.contact, person.fields
    fields["source"] = entry.source or SOURCE
    fields["last_activity_at"] = now
    fields["is_active"] = entry.is_active is not False
    for name in ("address", "province", "postal_code", "notes", "birthday", "birth_year"):
        fields[name] = getattr(contact, name)
    for name in CONSENTS:
        fields[name] = name not in entry.refused
    for name in MARKETING:
        fields[name] = entry.marketing.get(name, Consent.NOT_ASKED)
    _learn_further(person, entry, ())


def apply(
    person: Person, entry: Entry, rules: Rules, *, by_name: bool, taken: Collection[Kind], theirs: Collection[Key]
) -> None:
    """Bring a customer up to date: fill blanks, take chosen fields over, and take consents away.

    Consent to marketing is given where nobody asked them, and to nobody by another one's name.
    Kinds in `taken` and keys in `theirs` belong to other customers.
    """
    contact, own = entry.contact, person.fields
    taken = {*taken, *(key[0] for key in contact.keys.items() if key in person.removed)}
    if by_name:
        _rename(person, contact.name, rules)
        _take_keys_over(person, entry, rules, taken)
    for name in FILLED:
        value = getattr(contact, name)
        if value and (not own[name] or rules.takes_over(name)):
            person.put(name, value)
    _take_birthday(person, entry.contact, rules)
    for name, column, given in (("branch", "branch_id", entry.branch_id), ("source", "source", entry.source)):
        if given and (not own[column] or rules.takes_over(name)):
            person.put(column, given)
    if entry.is_active is not None and rules.takes_over("is_active"):
        person.put("is_active", entry.is_active)
    if by_name:
        person.fill_keys(contact, taken)
        if not person.keys.issuperset(contact.keys.items()):
            person.learn(contact, taken)
        _learn_further(person, entry, theirs)
    for field in entry.cleared:
        for name, value in CLEARED.get(field, {}).items():
            person.put(name, value)
    for name in entry.refused:
        if name in CONSENTS:
            person.put(name, False)
    for name, state in entry.marketing.items():
        if state is Consent.WITHDRAWN or (by_name and own[name] == Consent.NOT_ASKED):
            person.put(name, state)


def _learn_further(person: Person, entry: Entry, theirs: Collection[Key]) -> None:
    for key, value in entry.further_keys:
        if key not in person.keys and key not in theirs and key not in person.removed:
            person.remember(key)
            person.learned.append((key[0], value, ""))
            person.steps += 1


def _take_birthday(person: Person, contact: ContactFields, rules: Rules) -> None:
    """Take a birthday, or the year that is missing; a day without a year takes away no year of the same day."""
    own, day, year = person.fields, contact.birthday, contact.birth_year
    if not day:
        return
    if day == own["birthday"]:
        if year and (own["birth_year"] is None or rules.takes_over("birthday")):
            person.put("birth_year", year)
    elif not own["birthday"] or rules.takes_over("birthday"):
        person.put("birthday", day)
        person.put("birth_year", year)


def _rename(person: Person, name: str, rules: Rules) -> None:
    own = person.fields["name"]
    if name and name != own and (rules.takes_over("name") or is_better(name, own)):
        person.put("name", name)


def _take_keys_over(person: Person, entry: Entry, rules: Rules, taken: Collection[Kind]) -> None:
    """Make another phone or e-mail the main one; the old one stays a further one."""
    contact, own = entry.contact, person.fields
    if contact.phone_valid and Kind.PHONE not in taken and rules.takes_over("phone") and own["phone_valid"]:
        before = own["phone"], own["phone_extension"]
        if not person.has_main(Kind.PHONE, contact.keys[Kind.PHONE]):
            _keep(person, Kind.PHONE, *before)
            person.remember((Kind.PHONE, contact.keys[Kind.PHONE]))
            person.put("phone", contact.phone)
            person.put("phone_extension", contact.phone_extension)
    is_other = contact.email and own["email"] and contact.email != own["email"]
    if contact.email and is_other and Kind.EMAIL not in taken and rules.takes_over("email"):
        _keep(person, Kind.EMAIL, own["email"], "")
        person.remember((Kind.EMAIL, contact.email))
        person.put("email", contact.email)


def _keep(person: Person, kind: Kind, value: str, extension: str) -> None:
    if value not in {known for _, known, _ in (*person.further, *person.learned)}:
        person.learned.append((kind, value, extension))
        person.steps += 1
