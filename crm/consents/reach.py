"""Who can be reached for marketing by a channel, and why the others can't, in the order of the send policy."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.accounts.queries import current_organization
from crm.customers.consents import column_of
from crm.customers.models import Customer, CustomerKey
from crm.customers.rules import Consent, MessagePurpose
from crm.kernel.columns import constant, one_of
from crm.kernel.extensions import db
from crm.messages.channels.base import Channel
from crm.messages.channels.phones import PHONES
from crm.messages.channels.registry import all_channels
from crm.messages.suppression_models import Suppression
from crm.people.matching import Kind
from crm.values.language import N_

Condition = sa.ColumnElement[bool]

RESPELLED = ("+52", "+54", "+55")
"""Countries in which a number has two spellings."""


class Reach(enum.StrEnum):
    """Whether a customer can be reached for marketing by a channel, or why not."""

    REACHABLE = "reachable"
    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"

    @property
    def label(self) -> str:
        return str(_LABELS[self])


_LABELS = {
    Reach.REACHABLE: N_("Can be reached"),
    Reach.NO_CONSENT: N_("No consent"),
    Reach.NO_ADDRESS: N_("No address"),
    Reach.SUPPRESSED: N_("Opted out"),
}


def can_be_reached(channel: Channel) -> Condition:
    """Return the condition of customers whom the send policy lets have marketing by the channel.

    The opt-out of somebody who was erased is known by a hash alone: the send policy finds it, this does not.
    """
    return sa.and_(Customer.archived_at.is_(None), agreed(channel), _has_address(channel), ~_is_suppressed(channel))


def agreed(channel: Channel) -> Condition:
    """Return the condition of customers who agreed and didn't forbid the channel; an index has those few."""
    marketing, allowed = column_of(channel, MessagePurpose.MARKETING), column_of(channel, MessagePurpose.SERVICE)
    if not marketing:
        return sa.false()
    columns = Customer.__table__.c
    given = columns[marketing] == constant(Consent.GIVEN.value)
    if current_organization().soft_opt_in:
        bought = sa.and_(columns[marketing] == constant(Consent.NOT_ASKED.value), columns.total_orders > 0)
        return sa.and_(sa.or_(given, bought), columns[allowed])
    return sa.and_(given, columns[allowed])


def reach_of(channel: Channel) -> sa.ColumnElement[str]:
    """Return an expression for the `Reach` of a customer who is not archived."""
    return sa.case(
        (~agreed(channel), constant(Reach.NO_CONSENT.value)),
        (~_has_address(channel), constant(Reach.NO_ADDRESS.value)),
        (_is_suppressed(channel), constant(Reach.SUPPRESSED.value)),
        else_=constant(Reach.REACHABLE.value),
    )


def count_reach(channel: Channel, conditions: Iterable[Condition] = ()) -> Mapping[Reach, int]:
    """Count the customers that meet the conditions and are not archived, by whether they can be reached."""
    is_listed = Customer.archived_at.is_(None)
    # In a query of its own: PostgreSQL compares what is grouped by text, in which members of a branch have aliases.
    found = sa.select(reach_of(channel).label("reach")).where(is_listed, *conditions).subquery()
    statement = sa.select(found.c.reach, sa.func.count()).group_by(found.c.reach)
    counts = {Reach(name): number for name, number in db.session.execute(statement)}
    return {reach: counts.get(reach, 0) for reach in Reach}


def opted_out(customer: Customer) -> set[Channel]:
    """Return the channels by which nothing goes to a customer for an address of theirs is on the list."""
    channels = [channel for channel in all_channels() if column_of(channel, MessagePurpose.MARKETING)]
    listed = sa.select(*(_is_suppressed(channel) for channel in channels)).where(Customer.id == customer.id)
    found = db.session.execute(listed).one()
    return {channel for channel, is_listed in zip(channels, found, strict=True) if is_listed}


def _has_address(channel: Channel) -> Condition:
    if channel.addresses.kind == PHONES.kind:
        return Customer.phone_valid.is_(True)
    # As `email IS NOT NULL` SQLite would go through the index of all addresses.
    return sa.func.coalesce(Customer.email, constant("")) != constant("")


def _is_suppressed(channel: Channel) -> Condition:
    """Match customers one of whose addresses is on the list, whatever for.

    A further number counts unless it is somebody else's main one.
    """
    kind = channel.addresses.kind
    listed = sa.select(Suppression.address).where(Suppression.kind == kind)
    if kind != PHONES.kind:
        return sa.func.coalesce(Customer.email, constant("")).in_(listed)
    twins = _other_spellings()
    other = aliased(Customer)
    is_others = (
        sa.select(other.id)
        .where(other.phone == CustomerKey.value, other.phone_valid, other.merged_into_id.is_(None))
        .where(other.id != Customer.id)
        .correlate(Customer, CustomerKey)
        .exists()
    )
    further = sa.select(CustomerKey.id).where(
        CustomerKey.customer_id == Customer.id,
        CustomerKey.kind == constant(Kind.PHONE.value),
        sa.or_(CustomerKey.value.in_(listed), one_of(CustomerKey.value, twins)),
        ~is_others,
    )
    main = sa.or_(Customer.phone.in_(listed), one_of(Customer.phone, twins))
    return sa.or_(main, further.correlate(Customer).exists())


def _other_spellings() -> list[str]:
    """Return the other spellings of listed numbers that have two."""
    has_two = sa.or_(*(Suppression.address.startswith(code) for code in RESPELLED))
    rows = db.session.scalars(sa.select(Suppression.address).where(Suppression.kind == PHONES.kind, has_two))
    return [twin for address in rows for twin in PHONES.spellings(address)[1:]]
