"""Inbound texts: stored, then applied for keywords that opt a customer out or in."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.customers.models import Customer
from crm.kernel.columns import constant, one_of
from crm.kernel.db import database_now, transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.messages import holds
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_kinds, channels_of
from crm.messages.inbound_models import Effect, InboundMessage, SenderId, StopAnswer
from crm.messages.suppression_models import OptOutSource
from crm.opt_outs import services
from crm.opt_outs.keywords import LONGEST as LONGEST_WORD
from crm.opt_outs.keywords import effect_of, normalized
from crm.values.text import clean_line, clean_text

KIND = "inbound"
BATCH = 50
SOON = dt.timedelta(seconds=5)
PUT_OFF = dt.timedelta(seconds=60)
LONGEST = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a provider says that a customer sent. `sender` and `recipient` are addresses of the channel.

    `body` holds the customer's own words alone, and only these are judged. `what` says in our words what else came
    ("a picture", "took a text back"). `effect` is set where the provider itself says that the customer opted out or
    in. `opens_window` is false for what a provider does not count as a customer's message. `sender_id` is its id of the
    user, where it gives one; `sender` is empty for a user without an address.
    """

    gateway: str
    provider_id: str
    channel: Channel
    sender: str
    recipient: str
    body: str
    sent_at: dt.datetime | None = None
    what: str = ""
    effect: Effect = Effect.NONE
    opens_window: bool = True
    sender_id: str = ""


def receive(organization_id: int, texts: Iterable[Incoming]) -> None:
    """Store an organization's inbound texts, then apply them; if that fails, the worker does."""
    with use_organization(organization_id):
        for id_ in store(list(texts)):
            apply_patiently(id_)


def store(texts: Sequence[Incoming]) -> list[int]:
    """Store new texts; return the ids of all that are still to be applied, by the worker if nobody else does."""
    ids = []
    with transaction() as session:
        now = database_now()
        for text in texts:
            found = sa.select(InboundMessage).where(
                InboundMessage.gateway == text.gateway, InboundMessage.provider_id == text.provider_id[:100]
            )
            row = session.scalars(found).one_or_none()
            if row is None:
                row = _new(text, now)
                try:
                    with session.begin_nested():
                        session.add(row)
                except IntegrityError:
                    continue  # It came twice at once; the other request sees to it.
            if row.applied_at is None:
                ids.append(row.id)
        due.put_off(KIND, ids, now + SOON)
    return ids


def apply_patiently(inbound_id: int) -> None:
    try:
        _apply(inbound_id)
    except Exception:
        log.exception("inbound text %d waits for the worker", inbound_id)


def apply_due(organization_id: int) -> int:
    with use_organization(organization_id):
        ids = Lease.take(KIND, PUT_OFF, BATCH).ids
        for id_ in ids:
            apply_patiently(id_)
        return len(ids)


def forget_texts(customer: Customer) -> set[str]:
    """Delete a deleted customer's texts, unless others share the address.

    Texts without an address are matched by the providers' names. Returns the deleted addresses.
    """
    every: set[str] = set()
    for kind in all_kinds():
        own, is_of_kind = kind.only_of(customer), InboundMessage.channel.in_(channels_of(kind))
        db.session.execute(sa.delete(InboundMessage).where(InboundMessage.sender.in_(own), is_of_kind))
        every |= own
    names = db.session.scalars(sa.select(SenderId.name).where(SenderId.address.in_(every))).all()
    unaddressed = (InboundMessage.sender == "", InboundMessage.sender_id != constant(""))
    db.session.execute(sa.delete(InboundMessage).where(*unaddressed, one_of(InboundMessage.sender_id, names)))
    return every


def _new(text: Incoming, now: dt.datetime) -> InboundMessage:
    addresses = text.channel.addresses
    sender = addresses.stored(text.sender)[:254] if text.sender else _address_of(text.sender_id)
    return InboundMessage(
        gateway=text.gateway,
        provider_id=text.provider_id[:100],
        channel=text.channel,
        sender=sender,
        twin=next(iter(addresses.spellings(sender)[1:]), ""),
        sender_id=clean_line(text.sender_id[:150]),
        recipient=text.recipient[:60],
        body=clean_text(text.body[:LONGEST]),
        what=clean_line(text.what[:400])[:200],
        effect=text.effect,
        opens_window=text.opens_window,
        sent_at=min(text.sent_at or now, now),
    )


def _address_of(sender_id: str) -> str:
    """Return the last known address of a user id, or ""."""
    told = sa.select(InboundMessage.sender).where(
        InboundMessage.sender_id == clean_line(sender_id[:150]),
        InboundMessage.sender_id != constant(""),
        InboundMessage.sender != "",
    )
    return db.session.scalars(told.order_by(InboundMessage.id.desc()).limit(1)).first() or ""


def _apply(inbound_id: int) -> None:
    with transaction() as session:
        due.lock(KIND, [inbound_id])
        text = session.scalars(sa.select(InboundMessage).where(InboundMessage.id == inbound_id)).one_or_none()
        if text is not None and text.applied_at is None:
            text.effect, text.applied_at = _heed(text), database_now()
            _tell(text)
        due.settle(KIND, [inbound_id])


def _heed(text: InboundMessage) -> Effect:
    """Apply the keyword, or the provider's effect, if the sender can be messaged."""
    effect = text.effect or effect_of(text.body, services.stop_words())
    if not text.sender:
        return Effect.ASK if effect in (Effect.STOP, Effect.ASK) else Effect.NONE
    if not text.has_address:
        return Effect.NONE
    sender = text.sender, text.channel.addresses
    if effect is Effect.STOP:
        services.put_on(*sender, OptOutSource.STOP, normalized(text.body)[:LONGEST_WORD])
        holds.answer_all(*sender, StopAnswer.OPT_OUT)
    elif effect is Effect.START and not _stopped_later(text, Effect.STOP):
        services.let_back(*sender, text.channel)
    elif effect is Effect.NO_OFFERS:
        services.withdraw_marketing(text.sender, text.channel, text.what)
    elif effect is Effect.OFFERS and not _stopped_later(text, Effect.NO_OFFERS):
        services.resume_marketing(text.sender, text.channel, text.what)
    elif effect is Effect.ASK:
        if services.is_on(*sender):
            return Effect.NONE
        holds.hold_pending(*sender, text.body or text.what or "STOP")
    return effect


def _stopped_later(text: InboundMessage, effect: Effect) -> bool:
    """Whether the sender sent a text with an effect after this delayed one."""
    addresses = text.channel.addresses
    later = sa.select(InboundMessage.id).where(
        one_of(InboundMessage.sender, addresses.spellings(text.sender)),
        InboundMessage.channel.in_(channels_of(addresses)),
        InboundMessage.sent_at > text.sent_at,
        InboundMessage.effect == effect,
    )
    return db.session.scalars(later.limit(1)).first() is not None


def _tell(text: InboundMessage) -> None:
    changes = {"body": [None, text.body], "what": [None, text.what]}
    for customer_id in text.channel.addresses.owners(text.sender) if text.sender else ():
        record("message.received", text, customer_id=customer_id, changes=changes)
