"""Facts for the send policy, read once for a whole batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.kernel.columns import constant, one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.messages.channels.base import Addresses, Channel
from crm.messages.channels.registry import all_kinds, channels_of
from crm.messages.inbound_models import IS_ASKING, InboundMessage
from crm.messages.rules import holding_reason
from crm.messages.suppression_models import Purpose, Suppression, listed
from crm.values.language import gettext as _
from crm.values.stored import shown

Fact = TypeVar("Fact")
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """Facts about addresses of one kind, by customer id.

    Opt-outs of all messages, those of marketing alone, undecided texts, and the last text by channel.
    """

    suppressed: MutableMapping[int, Suppression] = field(default_factory=dict)
    unsubscribed: MutableMapping[int, Suppression] = field(default_factory=dict)
    asking: MutableMapping[int, str] = field(default_factory=dict)
    wrote_at: MutableMapping[tuple[Channel, int], dt.datetime] = field(default_factory=dict)


class Contact(NamedTuple):
    """The latest inbound texts of a customer, and why they get no messages, if so."""

    texts: list[InboundMessage]
    suppression: Suppression | None


def facts_about(customers: Iterable[Customer], addresses: Addresses) -> PolicyFacts:
    reachable = {customer.id: customer for customer in customers if addresses.of(customer)}
    if not reachable:
        return PolicyFacts()
    known = addresses.all_of(reachable.values())
    every = set().union(*known.values())
    listed_ones, recent = _listed_among(every, addresses), _recent_texts(every, addresses)
    facts = PolicyFacts()
    for id_, own in known.items():
        rows = [listed_ones[address] for address in sorted(own) if address in listed_ones]
        _note(facts.suppressed, id_, (row for row in rows if row.purpose is Purpose.ALL))
        _note(facts.unsubscribed, id_, (row for row in rows if row.purpose is not Purpose.ALL))
        _note(facts.asking, id_, (recent[address].asks for address in sorted(own) if address in recent))
        # A window is opened for the very address that wrote.
        main = [recent[way] for way in addresses.spellings(addresses.of(reachable[id_])) if way in recent]
        for channel in channels_of(addresses):
            moments = [moment for texts in main if (moment := texts.wrote_at.get(channel)) is not None]
            _note(facts.wrote_at, (channel, id_), (max(moments, default=None),))
    return facts


def _note(found: MutableMapping[Key, Fact], key: Key, values: Iterable[Fact | None]) -> None:
    value = next(filter(None, values), None)
    if value is not None:
        found[key] = value


def suppressed_among(spellings: Iterable[str], addresses: Addresses) -> dict[str, Suppression]:
    """Return the opt-outs of all messages among the spellings."""
    rows = _listed_among(spellings, addresses)
    return {address: row for address, row in rows.items() if row.purpose is Purpose.ALL}


def _listed_among(spellings: Iterable[str], addresses: Addresses) -> dict[str, Suppression]:
    names = listed(spellings)
    is_listed = one_of(Suppression.address, names), Suppression.kind == addresses.kind
    return {names[row.address]: row for row in db.session.scalars(sa.select(Suppression).where(*is_listed))}


def opt_out_problem(
    customer: Customer, addresses: Addresses, purpose: MessagePurpose = MessagePurpose.SERVICE
) -> str | None:
    """Return the sentence about the customer's opt-out of messages for this purpose, or None."""
    return opt_out_problems([customer], addresses, purpose).get(customer.id)


def opt_out_problems(
    customers: Iterable[Customer], addresses: Addresses, purpose: MessagePurpose = MessagePurpose.SERVICE
) -> dict[int, str]:
    """Return the sentences about the opt-outs of customers, by id."""
    reachable = {customer.id: customer for customer in customers if addresses.of(customer)}
    if not reachable:
        return {}
    known = addresses.all_of(reachable.values())
    every = {"addresses": list(listed(set().union(*known.values()))), "kind": addresses.kind}
    statement = _SUPPRESSIONS if purpose is MessagePurpose.SERVICE else _ALL_SUPPRESSIONS
    suppressed = db.session.scalars(statement, every).all()
    found: dict[int, str] = {}
    for id_, own in known.items():
        suppression = next((row for row in suppressed if row.address in listed(own)), None)
        if suppression is not None:
            found[id_] = _(
                "%(name)s opted out (by %(by)s), so this %(noun)s gets no messages.",
                name=reachable[id_].name,
                by=suppression.by,
                noun=addresses.noun,
            )
    return found


def asking_note(customer: Customer, addresses: Addresses) -> str | None:
    """Return the sentence about an undecided text, or None."""
    if not addresses.of(customer):
        return None
    recent = _recent_texts(addresses.all_of([customer])[customer.id], addresses)
    text = next((texts.asks for texts in recent.values() if texts.asks), None)
    return _("It waits: %(reason)s", reason=shown(holding_reason(customer.name, text))) if text else None


def contact_of(customer: Customer, limit: int = 50) -> Contact:
    """Return the customer's inbound texts and opt-out."""
    texts: list[InboundMessage] = []
    suppression = None
    for addresses in all_kinds():
        own = list(addresses.all_of([customer])[customer.id])
        if not own:
            continue
        given = {"customer": customer.id, "addresses": list(listed(own)), "kind": addresses.kind, "most": limit}
        rows = db.session.execute(_CONTACT, given).all()
        texts += [text for text, _ in rows if text and text.channel.addresses.kind == addresses.kind]
        suppression = suppression or (rows[0][1] if rows else None)
    return Contact(texts, suppression)


# Every customer's page asks these, and putting them together takes longer than answering them.

_FOR_ALL = Suppression.purpose == constant(Purpose.ALL)

_of_kind = (
    sa.select(Suppression)
    .where(one_of(Suppression.address, "addresses"), Suppression.kind == sa.bindparam("kind"))
    .order_by(Suppression.id)
)
_SUPPRESSIONS = prepared(_of_kind.where(_FOR_ALL))
_ALL_SUPPRESSIONS = prepared(_of_kind)

_first = aliased(Suppression)
_CONTACT = prepared(
    sa.select(InboundMessage, Suppression)
    .select_from(Customer)
    .outerjoin(InboundMessage, one_of(InboundMessage.sender, "addresses"))
    .outerjoin(
        Suppression,
        Suppression.id
        == sa.select(sa.func.min(_first.id))
        .where(
            one_of(_first.address, "addresses"),
            _first.kind == sa.bindparam("kind"),
            _first.purpose == constant(Purpose.ALL),
        )
        .scalar_subquery(),
    )
    .where(Customer.id == sa.bindparam("customer"))
    # No index is in this order: one by time would be read through for a customer who wrote little.
    .order_by(InboundMessage.received_at.desc(), InboundMessage.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


class _Recent(NamedTuple):
    wrote_at: dict[Channel, dt.datetime]
    asks: str


def _recent_texts(spellings: Iterable[str], addresses: Addresses) -> dict[str, _Recent]:
    """Return by spelling the last text of each channel with a window, and the last undecided one."""
    channels = channels_of(addresses)
    windowed = [channel for channel in channels if channel.window]
    moments = [_last_time(channel).label(f"wrote_{place}") for place, channel in enumerate(windowed)]
    asks = sa.func.max(sa.case((IS_ASKING, InboundMessage.id)))
    rows = db.session.execute(
        sa.select(InboundMessage.sender, asks.label("asks"), *moments)
        .where(one_of(InboundMessage.sender, spellings), InboundMessage.channel.in_(channels))
        .group_by(InboundMessage.sender)
    ).all()
    texts = _bodies([row.asks for row in rows if row.asks])
    return {
        row.sender: _Recent(
            {channel: at for channel, at in zip(windowed, row[2:], strict=True) if at is not None},
            texts.get(row.asks, ""),
        )
        for row in rows
    }


def _last_time(channel: Channel) -> sa.ColumnElement[dt.datetime | None]:
    opens = sa.and_(InboundMessage.channel == channel, InboundMessage.opens_window)
    return sa.func.max(sa.case((opens, InboundMessage.sent_at)))


def _bodies(ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    columns = (InboundMessage.id, InboundMessage.body, InboundMessage.what)
    rows = db.session.execute(sa.select(*columns).where(one_of(InboundMessage.id, ids)))
    return {row.id: row.body or row.what or "STOP" for row in rows}
