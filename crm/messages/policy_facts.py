"""What the gate has to know besides the message and its customer, asked for once for a whole batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.messages.numbers import numbers_of
from crm.messages.records import IS_ASKING, InboundMessage, Suppression
from crm.messages.rules import Channel, holding_reason
from crm.values.phone import variants

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Facts:
    """By customer id: why they opted out, what they wrote that may mean STOP, and when they last wrote by WhatsApp."""

    suppressed: MutableMapping[int, Suppression] = field(default_factory=dict)
    asking: MutableMapping[int, str] = field(default_factory=dict)
    wrote_at: MutableMapping[int, dt.datetime] = field(default_factory=dict)


class Heard(NamedTuple):
    """What came in from the numbers of a customer, the latest first, and why they get no messages, if so."""

    texts: list[InboundMessage]
    suppression: Suppression | None


def facts_about(customers: Iterable[Customer]) -> Facts:
    """Return what is known of the customers' numbers, by a few statements for a whole batch."""
    reachable = {customer.id: customer for customer in customers if customer.phone_valid}
    if not reachable:
        return Facts()
    numbers = numbers_of(reachable.values())
    every = set().union(*numbers.values())
    suppressed, heard = suppressed_among(every), _heard_lately(every)
    facts = Facts({}, {}, {})
    for id_, own in numbers.items():
        # WhatsApp opens the window for the very number that wrote.
        main = variants(reachable[id_].phone)
        _note(facts.suppressed, id_, (suppressed.get(number) for number in sorted(own)))
        _note(facts.asking, id_, (heard[number].asks for number in sorted(own) if number in heard))
        moments = [moment for way in main if way in heard and (moment := heard[way].wrote_at) is not None]
        _note(facts.wrote_at, id_, (max(moments, default=None),))
    return facts


def _note(found: MutableMapping[int, Fact], id_: int, values: Iterable[Fact | None]) -> None:
    """Note the first that says something."""
    value = next(filter(None, values), None)
    if value is not None:
        found[id_] = value


def suppressed_among(phones: Iterable[str]) -> dict[str, Suppression]:
    """Return those of the spellings that are on the list of opt-outs."""
    rows = db.session.scalars(sa.select(Suppression).where(one_of(Suppression.phone, phones)))
    return {row.phone: row for row in rows}


def suppression_of(customer: Customer) -> Suppression | None:
    """Return why the customer's numbers get no messages, or None."""
    if not customer.phone_valid:
        return None
    return db.session.scalar(_SUPPRESSION, {"numbers": list(numbers_of([customer])[customer.id])})


def opt_out_problem(customer: Customer) -> str | None:
    """Return the sentence that says that the customer's number opted out, or None."""
    suppression = suppression_of(customer)
    if suppression is None:
        return None
    return f"{customer.name} opted out (by {suppression.by}), so this number gets no messages."


def asking_note(customer: Customer) -> str | None:
    """Return the sentence that says that what is for the customer waits for an answer in the inbox, or None."""
    if not customer.phone_valid:
        return None
    heard = _heard_lately(numbers_of([customer])[customer.id])
    text = next((found.asks for found in heard.values() if found.asks), None)
    return f"It waits: {holding_reason(customer.name, text)}" if text else None


def heard_from(customer: Customer, limit: int = 50) -> Heard:
    """Return what came in from the numbers of a customer, and whether they opted out."""
    numbers = list(numbers_of([customer])[customer.id])
    if not numbers:
        return Heard([], None)
    rows = db.session.execute(_HEARD, {"customer": customer.id, "numbers": numbers, "most": limit}).all()
    return Heard([text for text, _ in rows if text], rows[0][1] if rows else None)


# Every customer's page asks these, and putting them together takes longer than answering them.

_SUPPRESSION = prepared(sa.select(Suppression).where(one_of(Suppression.phone, "numbers")).order_by(Suppression.id))

_first = aliased(Suppression)
_HEARD = prepared(
    sa.select(InboundMessage, Suppression)
    .select_from(Customer)
    .outerjoin(InboundMessage, one_of(InboundMessage.sender, "numbers"))
    .outerjoin(
        Suppression,
        Suppression.id == sa.select(sa.func.min(_first.id)).where(one_of(_first.phone, "numbers")).scalar_subquery(),
    )
    .where(Customer.id == sa.bindparam("customer"))
    # No index is in this order: one by time would be read through for a customer who wrote little.
    .order_by(InboundMessage.received_at.desc(), InboundMessage.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


class _Lately(NamedTuple):
    wrote_at: dt.datetime | None
    asks: str


def _heard_lately(numbers: Iterable[str]) -> dict[str, _Lately]:
    """Return by spelling when it last wrote by WhatsApp, and what it wrote last that may mean STOP and is open."""
    opens = sa.and_(InboundMessage.channel == Channel.WHATSAPP, InboundMessage.opens_window)
    wrote_at = sa.func.max(sa.case((opens, InboundMessage.sent_at)))
    asks = sa.func.max(sa.case((IS_ASKING, InboundMessage.id)))
    rows = db.session.execute(
        sa.select(InboundMessage.sender, wrote_at.label("wrote_at"), asks.label("asks"))
        .where(one_of(InboundMessage.sender, numbers))
        .group_by(InboundMessage.sender)
    ).all()
    texts = _bodies([row.asks for row in rows if row.asks])
    return {row.sender: _Lately(row.wrote_at, texts.get(row.asks, "")) for row in rows}


def _bodies(ids: list[int]) -> dict[int, str]:
    if not ids:
        return {}
    columns = (InboundMessage.id, InboundMessage.body, InboundMessage.what)
    rows = db.session.execute(sa.select(*columns).where(one_of(InboundMessage.id, ids)))
    return {row.id: row.body or row.what or "STOP" for row in rows}
