"""Phone numbers: the addresses of SMS and WhatsApp."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.messages.channels import numbers
from crm.messages.channels.base import Addresses, Owner, ReadAddress
from crm.values import phone
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import stored

UNREACHABLE = stored(N_("%(name)s's number, %(number)s, can't get messages. Correct it first."))
NO_NUMBER = stored(N_("%(name)s has no phone number that can get messages. Add one first."))

E164 = r"\+[1-9]\d{6,14}"


def without_separators(number: str) -> str:
    return re.sub(r"[\s().-]", "", number)


class Phones(Addresses):
    """E.164 numbers; `numbers` finds their owners."""

    kind = "phone"
    contact_field = "phone"

    def read(self, typed: str, region: str) -> ReadAddress:
        found = phone.parse(typed, region)
        return ReadAddress(found.value, "" if found.valid else found.reason or _("Enter the phone number."))

    def stored(self, address: str) -> str:
        """Normalize a number with its country code; others stay as they are."""
        return phone.parse(address, "ZZ").value

    def is_valid(self, address: str) -> bool:
        return phone.parse(address, "ZZ").valid

    def spellings(self, address: str) -> Sequence[str]:
        return phone.variants(address)

    def shown(self, address: str) -> str:
        return phone.international(address)

    def searched(self, typed: str) -> str:
        """Return the digits without the trunk or international prefix."""
        return phone.digits(typed).lstrip("0")

    def of(self, customer: Customer) -> str:
        """Return the main number, if it can get messages."""
        return customer.phone if customer.phone_valid else ""

    def problem(self, customer: Customer) -> str | None:
        if customer.phone_valid:
            return None
        if customer.phone:
            return UNREACHABLE(name=customer.name, number=customer.phone)
        return NO_NUMBER(name=customer.name)

    def all_of(self, customers: Iterable[Customer]) -> Mapping[int, set[str]]:
        return numbers.numbers_of(customers)

    def only_of(self, customer: Customer) -> set[str]:
        return numbers.numbers_of_nobody_else(customer)

    def owners(self, address: str) -> list[int]:
        return numbers.owners_of([address])[address]

    def owners_of_each(self, addresses: Iterable[str]) -> Mapping[str, list[int]]:
        return numbers.owners_of(addresses)

    def owners_by_address(self, addresses: Iterable[str]) -> Mapping[str, list[Owner]]:
        return numbers.owners_by_number(addresses)

    def is_seen(self, text: Any) -> sa.ColumnElement[bool]:
        return numbers.is_text_seen(text)


PHONES = Phones()
