"""The opt-outs of the people of a file: an import says yes to marketing for none of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import sqlalchemy as sa

from crm.customers.consents import subject_of
from crm.customers.rules import Consent
from crm.imports.entries import Entry
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.messages.channels.base import Addresses
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.phones import PHONES
from crm.messages.channels.registry import channel_named
from crm.messages.suppression_models import Suppression, listed
from crm.people.contact_fields import ContactFields
from crm.people.person import Person


class Listed(NamedTuple):
    """Opted-out addresses by their kind and themselves."""

    addresses: Collection[tuple[str, str]] = ()

    def has(self, column: str, contact: ContactFields, person: Person | None) -> bool:
        """Whether an address of a row, or its customer's own, is listed for the channel of a column of consent."""
        if not self.addresses:
            return False
        kind = channel_named(subject_of(column)[0]).addresses.kind
        both = [contact, *([person.contact] if person is not None else ())]
        return any((kind, address) in self.addresses for each in both for address in _of(each, kind))


NOBODY = Listed()


def listed_among(entries: Collection[Entry], people: Iterable[Person]) -> Listed:
    """Look up the opt-outs of the people of rows, and of the customers they may be, if rows say yes for anybody."""
    if not any(Consent.GIVEN in entry.marketing.values() for entry in entries):
        return NOBODY
    contacts = [*(entry.contact for entry in entries), *(person.contact for person in people)]
    return Listed({(each.kind, address) for each in (PHONES, EMAILS) for address in _listed(each, contacts)})


def _listed(addresses: Addresses, contacts: Iterable[ContactFields]) -> Iterator[str]:
    known = {address for contact in contacts for address in _of(contact, addresses.kind)}
    by_name = {name: address for address in known for name in listed(addresses.spellings(address))}
    found = sa.select(Suppression.address).where(
        Suppression.kind == addresses.kind, one_of(Suppression.address, sorted(by_name))
    )
    return (by_name[name] for name in db.session.scalars(found))


def _of(contact: ContactFields, kind: str) -> list[str]:
    address = contact.email if kind == EMAILS.kind else contact.phone if contact.phone_valid else ""
    return [address] if address else []
