"""What the gate has to know besides the message and its customer, asked for once for a whole batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.columns import one_of
from crm.customers.models import Customer
from crm.db import prepared
from crm.extensions import db
from crm.messages.records import InboundMessage, Suppression
from crm.messages.rules import WINDOWED, Channel
from crm.phone import variants


@dataclass(frozen=True, slots=True)
class Facts:
    """By phone number: why it opted out, and when it last wrote by WhatsApp."""

    suppressed: Mapping[str, Suppression] = field(default_factory=dict)
    wrote_at: Mapping[str, dt.datetime] = field(default_factory=dict)


class Heard(NamedTuple):
    """What came in from a number, the latest first, and why the number gets no messages, if so."""

    texts: list[InboundMessage]
    suppression: Suppression | None


def facts_about(customers: Iterable[Customer], organization: Organization) -> Facts:
    """Return what is known of the customers' numbers: one query, and one more where WhatsApp asks for the window."""
    phones = sorted({customer.phone for customer in customers if customer.phone_valid})
    if not phones:
        return Facts()
    return Facts(suppressed_among(phones), _wrote_at(phones) if organization.whatsapp_gateway in WINDOWED else {})


def suppressed_among(phones: Iterable[str]) -> dict[str, Suppression]:
    """Return those of the numbers that are on the list of opt-outs."""
    spelled = {number: variants(number) for number in phones}
    wanted = {spelling for spellings in spelled.values() for spelling in spellings}
    listed = {
        row.phone: row for row in db.session.scalars(sa.select(Suppression).where(one_of(Suppression.phone, wanted)))
    }
    found = {number: next(filter(listed.get, spellings), None) for number, spellings in spelled.items()}
    return {number: listed[spelling] for number, spelling in found.items() if spelling}


def suppression_of(customer: Customer) -> Suppression | None:
    """Return why the customer's number gets no messages, or None."""
    if not customer.phone_valid:
        return None
    return db.session.scalars(_SUPPRESSION, {"numbers": list(variants(customer.phone))}).first()


def opt_out_problem(customer: Customer) -> str | None:
    """Return the sentence that says that the customer's number opted out, or None."""
    suppression = suppression_of(customer)
    if suppression is None:
        return None
    return f"{customer.name} opted out (by {suppression.by}), so this number gets no messages."


def heard_from(customer: Customer, limit: int = 50) -> Heard:
    """Return what came in from the number of a customer, and whether it opted out, by one question."""
    if not customer.phone_valid:
        return Heard([], None)
    numbers = list(variants(customer.phone))
    rows = db.session.execute(_HEARD, {"customer": customer.id, "most": limit, "numbers": numbers}).all()
    return Heard([text for text, _ in rows if text], rows[0][1] if rows else None)


# Every customer's page asks these, and putting them together takes longer than answering them.

_SUPPRESSION = prepared(sa.select(Suppression).where(one_of(Suppression.phone, "numbers")))

_HEARD = prepared(
    sa.select(InboundMessage, Suppression)
    .select_from(Customer)
    .outerjoin(InboundMessage, InboundMessage.sender == Customer.phone)
    .outerjoin(Suppression, one_of(Suppression.phone, "numbers"))
    .where(Customer.id == sa.bindparam("customer"))
    .order_by(InboundMessage.sent_at.desc(), InboundMessage.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def _wrote_at(phones: list[str]) -> dict[str, dt.datetime]:
    last = sa.func.max(InboundMessage.sent_at).label("last")
    rows = db.session.execute(
        sa.select(InboundMessage.sender, last)
        .where(
            one_of(InboundMessage.sender, phones),
            InboundMessage.channel == Channel.WHATSAPP,
            InboundMessage.opens_window,
        )
        .group_by(InboundMessage.sender)
    )
    return {row.sender: row.last for row in rows}
