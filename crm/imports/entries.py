"""What was read of a row, as the commit needs it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.customers.rules import Consent
from crm.people.contact_fields import ContactFields
from crm.people.matching import Key, Kind
from crm.people.person import Intake
from crm.values import phone

BLANK = ContactFields()
_CONTACT = {each.name for each in dataclasses.fields(ContactFields)} - {"given", "problems", "source"}


@dataclass(slots=True)
class Entry:
    """A person of a row.

    `customer_id` is that of our own export. `cleared` are fields to empty, `refused` consents that the file takes
    away, `marketing` what it says about those to marketing, `further` more phones and e-mails, and `stand_in` is the
    name of a new customer whose row has none. `apart` are kinds of keys that a new customer did not get, for others
    have them.
    """

    contact: ContactFields
    branch_id: int | None = None
    customer_id: int | None = None
    is_active: bool | None = None
    source: str = ""
    stand_in: str = ""
    cleared: Collection[str] = ()
    refused: Collection[str] = ()
    marketing: Mapping[str, Consent] = field(default_factory=dict)
    further: Sequence[tuple[str, str]] = ()
    apart: Collection[str] = field(default=())

    @property
    def intake(self) -> Intake:
        return Intake(self.contact, self.branch_id, customer_id=self.customer_id)

    @property
    def further_keys(self) -> Iterator[tuple[Key, str]]:
        """Yield each further key with its value."""
        for kind, value in self.further:
            yield (Kind(kind), phone.matching(value) if kind == Kind.PHONE else value), value

    def all_keys(self) -> Iterator[Key]:
        yield from self.contact.keys.items()
        for key, _ in self.further_keys:
            yield key

    def held_keys(self) -> Iterator[Key]:
        """Yield the keys that a new customer got."""
        return (key for key in self.all_keys() if key[0] is not Kind.PASSPORT or key[0] not in self.apart)

    def to_json(self) -> dict[str, Any]:
        """Leave out what is blank."""
        found = {name: value for name, value in vars(self.contact).items() if value and name in _CONTACT}
        stored: dict[str, Any] = {"contact": found}
        for name in ("branch_id", "customer_id", "is_active", "source", "stand_in"):
            value = getattr(self, name)
            if value not in (None, ""):
                stored[name] = value
        for name in ("cleared", "refused", "apart"):
            if values := getattr(self, name):
                stored[name] = sorted(values)
        if self.marketing:
            stored["marketing"] = dict(self.marketing)
        if self.further:
            stored["further"] = [list(pair) for pair in self.further]
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Entry:
        values = {**stored, "contact": ContactFields(**stored["contact"])}
        if "marketing" in values:
            values["marketing"] = {name: Consent(state) for name, state in values["marketing"].items()}
        if "further" in values:
            values["further"] = [(kind, value) for kind, value in values["further"]]
        return cls(**values)
