"""What a channel is, and what its addresses are: all else asks these two objects and knows no channel by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.messages.channels.segments import Segments


class Owner(NamedTuple):
    """A customer who has an address."""

    id: int
    name: str
    is_archived: bool


class ReadAddress(NamedTuple):
    """An address as it is stored, read from what somebody typed, or the sentence that says why it is none."""

    address: str
    problem: str


class Addresses:
    """A kind of address: how it is written, and which customers have it.

    Channels that reach customers by the same kind share opt-outs: who opts out of one is written to by none of them.
    """

    noun = "number"
    """What people call one."""
    contact_field = ""
    """The field of a new customer that takes one, if any."""
    kind = ""
    """What stands for it in the database, in up to 10 characters."""

    def read(self, typed: str, region: str) -> ReadAddress:
        """Read what somebody in a phone region typed."""
        raise NotImplementedError

    def stored(self, address: str) -> str:
        """Return an address as a provider writes it in the form that is stored."""
        return address

    def is_valid(self, address: str) -> bool:
        raise NotImplementedError

    def spellings(self, address: str) -> Sequence[str]:
        """Return all forms in which an address may be stored, `address` first."""
        return (address,)

    def shown(self, address: str) -> str:
        """Return an address as people read it anywhere."""
        return address

    def searched(self, typed: str) -> str:
        """Return what a search for `typed` looks for in stored addresses, or nothing."""
        return typed

    def of(self, customer: Customer) -> str:
        """Return the address that messages to a customer go to, or nothing."""
        raise NotImplementedError

    def problem(self, customer: Customer) -> str | None:
        """Return the sentence that says why a customer can't be reached, or None."""
        raise NotImplementedError

    def all_of(self, customers: Iterable[Customer]) -> Mapping[int, set[str]]:
        """Return, by customer id, all spellings of all addresses that are theirs."""
        return {
            customer.id: {*self.spellings(found)} if (found := self.of(customer)) else set() for customer in customers
        }

    def only_of(self, customer: Customer) -> set[str]:
        """Return the spellings of the addresses that nobody but this customer has."""
        raise NotImplementedError

    def owners(self, address: str) -> list[int]:
        """Return the ids of the customers that an address means, in every branch."""
        raise NotImplementedError

    def owners_by_address(self, addresses: Iterable[str]) -> Mapping[str, list[Owner]]:
        """Return who has each of the addresses, among the customers that the user may see."""
        raise NotImplementedError

    def is_seen(self, text: Any) -> sa.ColumnElement[bool]:
        """Say in SQL which inbound texts staff see who are bound to a branch."""
        return sa.false()


class Channel(str):
    """A way that messages reach customers.

    It is the text that stands for it in the database, in forms and in JSON, so it compares and prints as that.
    """

    label = ""
    """Its name as people write it."""
    icon = ""
    """The icon beside its name on buttons, if any."""
    addresses: Addresses
    max_length = 1_600
    """The most characters of a text."""
    window: dt.timedelta | None = None
    """How long after a customer wrote a provider takes a text of our own; None where it always does."""
    has_approved_templates = False
    """Whether its provider approves texts, which may then be sent at any time."""
    has_sender_ids = False
    """Whether its providers may name a customer by an id in the place of the address."""
    sent_proves_sender = False
    """Whether "sent" in a report says that the provider takes the sender; if not, a network may still refuse it."""
    gateway_setting = ""
    sender_setting = ""
    """The organization's settings of the gateway and of the address messages come from; "" where it can't choose."""
    sender_help = ""
    """What stands beside the field of the address that messages come from."""

    __slots__ = ()

    def gateway_name(self, organization: Any) -> str:
        """Return the gateway of an organization, or of a row with its settings."""
        return str(getattr(organization, self.gateway_setting))

    def sender(self, organization: Any) -> str:
        """Return the address that messages of an organization come from, or nothing."""
        return str(getattr(organization, self.sender_setting)) if self.sender_setting else ""

    def parse_sender(self, value: str) -> str:
        """Return the text of the setting `sender_setting` as it is kept; raises ValueError with a sentence."""
        return value

    def is_allowed(self, customer: Customer) -> bool:
        return True

    def link(self, address: str, body: str) -> str | None:
        """Return the link that opens a text ready to be sent by hand, where there is one."""
        return None

    def parts(self, body: str) -> Segments | None:
        """Return what a text takes, where long ones are sent in parts."""
        return None

    def window_problem(self, name: str, wrote_at: dt.datetime | None, now: dt.datetime) -> str | None:
        """Return the sentence that says why a provider would refuse a text of our own to a customer now, or None."""
        return None
