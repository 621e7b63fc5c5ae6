"""The interfaces of channels and of their kinds of address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.messages.channels.segments import Segments
from crm.values.language import N_

MAX_SUBJECT = 200


class Owner(NamedTuple):
    id: int
    name: str
    is_archived: bool


class ReadAddress(NamedTuple):
    """A typed address in its stored form, or the sentence that refuses it."""

    address: str
    problem: str


class Addresses:
    """A kind of address, and which customers have it.

    Channels with the same kind share opt-outs.
    """

    noun = N_("number")
    """The label of an address."""
    contact_field = ""
    """The field of a new customer for it, if any."""
    kind = ""
    """Its code in the database, up to 10 characters."""

    def read(self, typed: str, region: str) -> ReadAddress:
        """Parse what people of a phone region type."""
        raise NotImplementedError

    def stored(self, address: str) -> str:
        """Normalize an address as a provider writes it."""
        return address

    def is_valid(self, address: str) -> bool:
        raise NotImplementedError

    def spellings(self, address: str) -> Sequence[str]:
        """Return all stored forms of an address, `address` first."""
        return (address,)

    def shown(self, address: str) -> str:
        """Format an address for readers anywhere."""
        return address

    def masked(self, address: str) -> str:
        """Return what reminds its owner of it, and tells nobody else."""
        return f"\N{HORIZONTAL ELLIPSIS}{address[-3:]}"

    def searched(self, typed: str) -> str:
        """Return what to search for in stored addresses, or ""."""
        return typed

    def of(self, customer: Customer) -> str:
        """Return the customer's address for messages, or ""."""
        raise NotImplementedError

    def problem(self, customer: Customer) -> str | None:
        """Return why the customer can't be reached, or None."""
        raise NotImplementedError

    def all_of(self, customers: Iterable[Customer]) -> Mapping[int, set[str]]:
        """Return all spellings of each customer's addresses, by id."""
        return {
            customer.id: {*self.spellings(found)} if (found := self.of(customer)) else set() for customer in customers
        }

    def only_of(self, customer: Customer) -> set[str]:
        """Return the spellings that only this customer has."""
        raise NotImplementedError

    def owners(self, address: str) -> list[int]:
        """Return the ids of customers with the address, in every branch."""
        raise NotImplementedError

    def owners_of_each(self, addresses: Iterable[str]) -> Mapping[str, list[int]]:
        """Return the owners of many addresses, in as few questions as the kind needs."""
        return {address: self.owners(address) for address in addresses}

    def owners_by_address(self, addresses: Iterable[str]) -> Mapping[str, list[Owner]]:
        """Return the visible customers with each address."""
        raise NotImplementedError

    def is_seen(self, text: Any) -> sa.ColumnElement[bool]:
        """Match the inbound texts that branch-bound staff may see."""
        return sa.false()


class Channel(str):
    """A way to reach customers. It is a string: its code in the database, in forms and in JSON."""

    label = ""
    icon = ""
    """Its icon, if any."""
    addresses: Addresses
    has_subject = False
    """Whether a message has a subject beside its text."""
    max_length = 1_600
    """Characters of a text."""
    window: dt.timedelta | None = None
    """How long after the customer's last text free texts are accepted; None for always."""
    has_approved_templates = False
    """Whether the provider approves templates, which are accepted at any time."""
    has_sender_ids = False
    """Whether providers may name a customer by an id instead of the address."""
    sent_proves_sender = False
    """Whether a report of "sent" proves that the provider accepts the sender; a network may refuse it later."""
    gateway_setting = ""
    sender_setting = ""
    """The organization's settings for the gateway and the sender; "" where there is no choice."""
    sender_label = N_("%(channel)s sender number")
    sender_help = ""
    """What the sender is, and the hint beside its field."""
    reply_setting = ""
    """The organization's setting for where answers go; "" where that is the sender."""

    __slots__ = ()

    def gateway_name(self, organization: Any) -> str:
        """Return the gateway of an organization, or of a row with its settings."""
        return str(getattr(organization, self.gateway_setting))

    def sender(self, organization: Any) -> str:
        """Return the sender of an organization, or ""."""
        return str(getattr(organization, self.sender_setting)) if self.sender_setting else ""

    def reply_to(self, organization: Any) -> str:
        """Return where answers go, or "" for the sender."""
        return str(getattr(organization, self.reply_setting)) if self.reply_setting else ""

    def parse_sender(self, value: str) -> str:
        """Parse the sender setting; raises ValueError with a sentence."""
        return value

    def is_allowed(self, customer: Customer) -> bool:
        return True

    def link(self, address: str, body: str, subject: str = "") -> str | None:
        """Return a link that opens the text, ready to send by hand, or None."""
        return None

    def parts(self, body: str) -> Segments | None:
        """Return the parts of a text, where long ones are split."""
        return None

    def window_problem(self, name: str, wrote_at: dt.datetime | None, now: dt.datetime) -> str | None:
        """Return why the provider would refuse a free text now, or None."""
        return None
