"""Phone numbers, by which SMS and WhatsApp reach customers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.messages.channels import numbers
from crm.messages.channels.base import Addresses, Owner, ReadAddress
from crm.values import phone

E164 = r"\+[1-9]\d{6,14}"


def without_separators(number: str) -> str:
    """Return a number without what people write between its digits."""
    return re.sub(r"[\s().-]", "", number)


class Phones(Addresses):
    """Phone numbers in E.164; `numbers` says whose each is."""

    kind = "phone"
    contact_field = "phone"

    def read(self, typed: str, region: str) -> ReadAddress:
        """Read a number as people write it in a region."""
        found = phone.parse(typed, region)
        return ReadAddress(found.value, "" if found.valid else found.reason or "Enter the phone number.")

    def stored(self, address: str) -> str:
        """Return a number with its country code in E.164; what is none as it is."""
        return phone.parse(address, "ZZ").value

    def is_valid(self, address: str) -> bool:
        return phone.parse(address, "ZZ").valid

    def spellings(self, address: str) -> Sequence[str]:
        return phone.variants(address)

    def shown(self, address: str) -> str:
        """Return a number with its country code and spaces."""
        return phone.international(address)

    def searched(self, typed: str) -> str:
        """Return the digits, without the 0 or 00 that people dial where the stored number has the country's code."""
        return phone.digits(typed).lstrip("0")

    def of(self, customer: Customer) -> str:
        """Return the main number, where it is one that can get messages."""
        return customer.phone if customer.phone_valid else ""

    def problem(self, customer: Customer) -> str | None:
        """Say what is wrong with the main number."""
        if customer.phone_valid:
            return None
        if customer.phone:
            return f"The number of {customer.name}, {customer.phone}, can't get messages. Correct it first."
        return f"{customer.name} has no phone number that can get messages. Add one first."

    def all_of(self, customers: Iterable[Customer]) -> Mapping[int, set[str]]:
        """Return the main number, and further ones that are nobody else's."""
        return numbers.numbers_of(customers)

    def only_of(self, customer: Customer) -> set[str]:
        """Return the customer's numbers without those of somebody else."""
        return numbers.numbers_of_nobody_else(customer)

    def owners(self, address: str) -> list[int]:
        """Return those whose main number it is, else those who also have it."""
        return numbers.owners_of(address)

    def owners_by_address(self, addresses: Iterable[str]) -> Mapping[str, list[Owner]]:
        """Return who has each of the numbers, some of many."""
        return numbers.owners_by_number(addresses)

    def is_seen(self, text: Any) -> sa.ColumnElement[bool]:
        """Show texts of the branch's customers, and of numbers that are nobody's."""
        return numbers.is_text_seen(text)


PHONES = Phones()
