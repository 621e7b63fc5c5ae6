"""A person who comes in, and what that changes of the matching customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crm.people.contact_fields import KEY_FIELDS, ContactFields, sort_key
from crm.people.identity import is_stopgap
from crm.people.matching import Key, Keys, Kind, Known
from crm.people.names import is_better
from crm.values import phone

_TAKEN_OVER = (
    *("name", "phone", "phone_valid", "phone_extension", "email", "passport_number"),
    *("city", "service_type", "source", "language"),
)
FIELDS = (*_TAKEN_OVER, "branch_id", "last_activity_at", "archived_at", "archived_by_id", "is_active")
"""Columns of a customer that intake reads and writes."""


NOW = dt.datetime.max.replace(tzinfo=dt.UTC)
"""Stands for the time of the intake."""


class Intake(NamedTuple):
    """A person who comes in, with their branch and the time of the information.

    `customer_id` is the customer of the same record before; it is followed before any key.
    """

    contact: ContactFields
    branch_id: int | None = None
    at: dt.datetime = NOW
    customer_id: int | None = None

    @property
    def keys(self) -> Keys:
        return self.contact.keys


@dataclass(slots=True)
class Person:
    """A customer during an intake.

    changes: `{field: [before, after]}`. learned: new keys beside the fields, as kind, value and extension. further:
    stored ones. removed: keys that staff took away. steps: counts all changes. phone: the latest number, compared as
    `phone.matching` writes it.
    """

    id: int
    fields: dict[str, Any]
    keys: set[Key]
    phone: str = ""
    is_new: bool = False
    further: list[tuple[Kind, str, str]] = field(default_factory=list)
    removed: set[Key] = field(default_factory=set)
    learned: list[tuple[Kind, str, str]] = field(default_factory=list)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    steps: int = 0
    _known: Known | None = None

    @classmethod
    def stored(cls, id_: int, fields: dict[str, Any]) -> Person:
        person = cls(id_, fields, set())
        person.know_keys()
        return person

    @classmethod
    def new(cls, id_: int, intake: Intake, taken: Collection[Kind], branch_id: int | None) -> Person:
        """Build a customer from an intake, without the keys in `taken`, which others have."""
        contact = intake.contact
        fields = {name: getattr(contact, name) for name in _TAKEN_OVER} | {
            "branch_id": intake.branch_id or branch_id,
            "last_activity_at": intake.at,
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
            person.learn(contact, {Kind.PASSPORT}.intersection(taken))
        else:
            person.keys.update(contact.keys.items())
            person.phone = contact.keys.get(Kind.PHONE, "")
        return person

    @property
    def contact(self) -> ContactFields:
        return ContactFields(**{name: self.fields[name] for name in _TAKEN_OVER})

    def has_main(self, kind: Kind, value: str) -> bool:
        """Whether a key is in the customer's own fields."""
        own = self.fields[KEY_FIELDS[kind]] or ""
        return (phone.matching(own) if kind is Kind.PHONE else own) == value

    def know_keys(self) -> None:
        """Know the keys that the fields and the further contacts hold, and no others; the last number is the latest."""
        own = self.fields
        number = phone.matching(own["phone"]) if own["phone_valid"] else ""
        keys = ((Kind.PHONE, number), (Kind.EMAIL, own["email"]), (Kind.PASSPORT, own["passport_number"]))
        self.keys, self.phone, self._known = {key for key in keys if key[1]}, number, None
        for kind, value, _ in (*self.further, *self.learned):
            self.remember((kind, phone.matching(value) if kind is Kind.PHONE else value))

    def remember(self, key: Key) -> None:
        """Add a key as the latest one."""
        self.keys.add(key)
        if key[0] is Kind.PHONE:
            self.phone = key[1]
        self._known = None

    def known(self) -> Known:
        if self._known is None:
            self._known = Known(self.id, self.fields["name"], frozenset(self.keys), self.phone)
        return self._known

    def is_called(self, name: str) -> bool:
        """Whether the names are equal, ignoring case and accents."""
        return sort_key(self.fields["name"]) == sort_key(name)

    def take(self, intake: Intake, *, by_name: bool, taken: Collection[Kind]) -> None:
        """Apply an intake: a later one overwrites name and branch, others fill blanks.

        Kinds in `taken` belong to another customer and stay there. Without `by_name` the name differs: name, branch,
        archive and keys stay.
        """
        contact, own, before = intake.contact, self.fields, self.fields["last_activity_at"]
        if before is None or intake.at > before:
            self._overwrite(intake, by_name)
        blanks = {"city": contact.city, "service_type": contact.service_type, "branch_id": intake.branch_id}
        for name, value in {**blanks, "source": contact.source, "language": contact.language}.items():
            if value and not own[name]:
                self.put(name, value)
        if by_name:
            taken = {*taken, *(key[0] for key in contact.keys.items() if key in self.removed)}
            self.fill_keys(contact, taken)
            if not self.keys.issuperset(contact.keys.items()):
                self.learn(contact, taken)

    def fill_keys(self, contact: ContactFields, taken: Collection[Kind]) -> None:
        """Fill blank phone, e-mail and passport number, without kinds in `taken`."""
        own, passport = self.fields, contact.passport_number
        if Kind.PHONE not in taken and not own["phone_valid"] and (contact.phone_valid or not own["phone"]):
            self.put("phone", contact.phone)
            self.put("phone_valid", contact.phone_valid)
        if contact.phone_extension and not own["phone_extension"] and contact.phone == own["phone"]:
            self.put("phone_extension", contact.phone_extension)
        if contact.email and not own["email"] and Kind.EMAIL not in taken:
            self.put("email", contact.email)
        if (
            passport
            and Kind.PASSPORT not in taken
            and (not own["passport_number"] or (is_stopgap(own["passport_number"]) and not is_stopgap(passport)))
        ):
            self.put("passport_number", passport)

    def _overwrite(self, intake: Intake, by_name: bool) -> None:
        name, own, archived_at = intake.contact.name, self.fields["name"], self.fields["archived_at"]
        if by_name and name and name != own and is_better(name, own):
            self.put("name", name)
        if by_name and intake.branch_id:
            self.put("branch_id", intake.branch_id)
        self.put("last_activity_at", intake.at)
        if by_name and archived_at is not None and intake.at > archived_at:
            self._restore()

    def learn(self, contact: ContactFields, theirs: Collection[Kind]) -> None:
        """Add new keys, without kinds that stay with others."""
        for key in contact.keys.items():
            kind = key[0]
            if key in self.keys or kind in theirs:
                continue
            self.remember(key)
            value = getattr(contact, KEY_FIELDS[kind])
            if self.fields[KEY_FIELDS[kind]] != value:
                extension = contact.phone_extension if kind is Kind.PHONE else ""
                self.learned.append((kind, value, extension))
                self.steps += 1

    def _restore(self) -> None:
        self.put("archived_at", None)
        self.put("archived_by_id", None)
        self.put("is_active", True)

    def put(self, name: str, value: Any) -> None:
        """Change a field."""
        before = self.fields[name]
        if before != value:
            change = self.changes.setdefault(name, [before, value])
            change[1] = self.fields[name] = value
            if change[0] == value:
                del self.changes[name]
            self.steps += 1
            self._known = None
