"""What opting out and in says about consent, of all customers with an address; within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from crm.customers.consents import Proof, column_of, last_source, marketing_state, set_consents
from crm.customers.models import Customer
from crm.customers.rules import Consent, ConsentSource, MessagePurpose
from crm.kernel.columns import one_of
from crm.kernel.db import locked
from crm.kernel.extensions import db
from crm.messages.channels.base import Addresses, Channel
from crm.messages.channels.registry import channels_of
from crm.messages.models import Message
from crm.messages.suppression_models import OptOutSource

SOURCES = {
    OptOutSource.STOP: ConsentSource.STOP,
    OptOutSource.PROVIDER: ConsentSource.PROVIDER,
    OptOutSource.COMPLAINT: ConsentSource.COMPLAINT,
    OptOutSource.UNSUBSCRIBE: ConsentSource.UNSUBSCRIBE,
}
"""The customer's own opt-outs. A mailbox that is gone, and a number that staff listed, say nothing about consent."""

OWN = frozenset({*SOURCES.values(), ConsentSource.PAGE})
"""By what customers withdraw themselves."""


def lock_owners(address: str, addresses: Addresses, messages: Iterable[Message] = ()) -> Sequence[Customer]:
    """Lock an address's customers in every branch, and those of messages: after messages, before rows of opt-outs."""
    owners = set(addresses.owners(address))
    ids = owners | {message.customer_id for message in messages}
    wanted = sa.select(Customer).where(one_of(Customer.id, ids)).order_by(Customer.id)
    rows = db.session.scalars(locked(wanted), execution_options={"all_branches": True})
    return [row for row in rows if row.id in owners]


def withdraw_by(
    source: OptOutSource, owners: Iterable[Customer], address: str, addresses: Addresses, note: str
) -> None:
    """Withdraw the consent of those who opted out themselves."""
    if source in SOURCES:
        withdraw(owners, channels_of(addresses), Proof(SOURCES[source], note, address))


def withdraw(owners: Iterable[Customer], channels: Iterable[Channel], proof: Proof) -> None:
    columns = [column for channel in channels if (column := column_of(channel, MessagePurpose.MARKETING))]
    for customer in owners:
        set_consents(customer, dict.fromkeys(columns, Consent.WITHDRAWN), proof)


def give_again(owners: Iterable[Customer], channel: Channel, proof: Proof) -> None:
    """Give what the customers had withdrawn themselves: their word is proof by its own channel."""
    column = column_of(channel, MessagePurpose.MARKETING)
    for customer in owners:
        if marketing_state(customer, channel) is Consent.WITHDRAWN and last_source(customer.id, channel) in OWN:
            set_consents(customer, {column: Consent.GIVEN}, proof)
