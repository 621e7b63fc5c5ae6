"""Texts that come in: stored first, then applied, for the words that opt a customer out or in."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.customers.keys import CustomerKey
from crm.customers.models import Customer
from crm.kernel.columns import constant, one_of
from crm.kernel.db import database_now, transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.messages import holds
from crm.messages.numbers import EVERYWHERE, numbers_of, owners_of, spellings
from crm.messages.records import Answer, InboundMessage, Source, WhatsappId
from crm.messages.rules import Channel
from crm.opt_outs import services
from crm.opt_outs.keywords import LONGEST as LONGEST_WORD
from crm.opt_outs.keywords import Effect, effect_of, normalized
from crm.people.matching import Kind
from crm.values.phone import parse, variants
from crm.values.text import clean_line, clean_text

KIND = "inbound"
BATCH = 50
SOON = dt.timedelta(seconds=5)
PUT_OFF = dt.timedelta(seconds=60)
LONGEST = 10_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a provider says that a customer sent. `sender` and `recipient` are numbers with their country code.

    `body` holds the customer's own words alone, and only these are judged. `what` says in our words what else came
    ("a picture", "took a text back"). `effect` is set where the provider itself says that the customer opted out or
    in. `opens_window` is false for what WhatsApp does not count as a customer's message. `sender_id` is WhatsApp's id
    of the user, where it gives one; `sender` is empty for a user without a number.
    """

    gateway: str
    provider_id: str
    channel: Channel
    sender: str
    recipient: str
    body: str
    sent_at: dt.datetime | None = None
    what: str = ""
    effect: Effect | None = None
    opens_window: bool = True
    sender_id: str = ""


def receive(organization_id: int, texts: Iterable[Incoming]) -> None:
    """Store texts that came in for an organization, then do what they say; if that fails, the worker does."""
    with use_organization(organization_id):
        ids = _store(list(texts))
        for id_ in ids:
            _apply_patiently(id_)


def apply_due(organization_id: int) -> int:
    """Do what stored texts say; return how many there were."""
    with use_organization(organization_id):
        ids = Lease.take(KIND, PUT_OFF, BATCH).ids
        for id_ in ids:
            _apply_patiently(id_)
        return len(ids)


def forget_texts(customer: Customer) -> set[str]:
    """Delete what came in from the numbers of a customer who is deleted for good, but those of somebody else, too.

    Texts that came without a number go by the names that WhatsApp has for its person. Return these numbers.
    """
    numbers = _numbers_of_nobody_else(customer)
    names = db.session.scalars(sa.select(WhatsappId.name).where(WhatsappId.phone.in_(numbers))).all()
    unnumbered = sa.and_(
        InboundMessage.sender == "",
        InboundMessage.sender_id != constant(""),
        one_of(InboundMessage.sender_id, names),
    )
    db.session.execute(sa.delete(InboundMessage).where(InboundMessage.sender.in_(numbers)))
    db.session.execute(sa.delete(InboundMessage).where(unnumbered))
    return numbers


def _numbers_of_nobody_else(customer: Customer) -> set[str]:
    """Return a customer's numbers; the main one is theirs though others have it for a further one."""
    numbers = numbers_of([customer])[customer.id]
    main = spellings([customer.phone]) if customer.phone_valid else set()
    others = sa.select(Customer.phone).where(
        one_of(Customer.phone, numbers), Customer.phone_valid, Customer.id != customer.id
    )
    further = sa.select(CustomerKey.value).where(
        one_of(CustomerKey.value, numbers),
        CustomerKey.kind == constant(Kind.PHONE.value),
        CustomerKey.customer_id != customer.id,
    )
    numbers -= spellings(db.session.scalars(others, execution_options=EVERYWHERE))
    return numbers - (spellings(db.session.scalars(further, execution_options=EVERYWHERE)) - main)


def _store(texts: Sequence[Incoming]) -> list[int]:
    """Store what is new, and return the ids of all that has still to be applied."""
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


def _new(text: Incoming, now: dt.datetime) -> InboundMessage:
    sender = parse(text.sender, "ZZ").value[:60] if text.sender else _number_of(text.sender_id)
    return InboundMessage(
        gateway=text.gateway,
        provider_id=text.provider_id[:100],
        channel=text.channel.value,
        sender=sender,
        twin=next(iter(variants(sender)[1:]), ""),
        sender_id=clean_line(text.sender_id[:150]),
        recipient=text.recipient[:60],
        body=clean_text(text.body[:LONGEST]),
        what=clean_line(text.what[:400])[:200],
        effect=text.effect.value if text.effect else "",
        opens_window=text.opens_window,
        sent_at=min(text.sent_at or now, now),
    )


def _number_of(sender_id: str) -> str:
    """Return the number that a user of WhatsApp last wrote from while it was told, or ""."""
    told = sa.select(InboundMessage.sender).where(
        InboundMessage.sender_id == clean_line(sender_id[:150]),
        InboundMessage.sender_id != constant(""),
        InboundMessage.sender != "",
    )
    return db.session.scalars(told.order_by(InboundMessage.id.desc()).limit(1)).first() or ""


def _apply_patiently(inbound_id: int) -> None:
    try:
        _apply(inbound_id)
    except Exception:
        log.exception("inbound text %d waits for the worker", inbound_id)


def _apply(inbound_id: int) -> None:
    with transaction() as session:
        due.lock(KIND, [inbound_id])
        text = session.scalars(sa.select(InboundMessage).where(InboundMessage.id == inbound_id)).one_or_none()
        if text is not None and text.applied_at is None:
            effect = _heed(text)
            text.effect, text.applied_at = (effect.value if effect else ""), database_now()
            _tell(text)
        due.settle(KIND, [inbound_id])


def _heed(text: InboundMessage) -> Effect | None:
    """Do what the text or its provider says, where its sender is a number that messages can be sent to."""
    effect = Effect(text.effect) if text.effect else effect_of(text.body, services.stop_words())
    if not text.sender:
        return Effect.ASK if effect in (Effect.STOP, Effect.ASK) else None
    if not text.has_number:
        return None
    if effect is Effect.STOP:
        services.put_on(text.sender, Source.STOP, normalized(text.body)[:LONGEST_WORD])
        holds.answer_all(text.sender, Answer.OPT_OUT)
    elif effect is Effect.START and not _stopped_later(text):
        services.let_back(text.sender)
    elif effect is Effect.ASK:
        if services.is_on(text.sender):
            return None
        holds.hold_pending(text.sender, text.body or text.what or "STOP")
    return effect


def _stopped_later(text: InboundMessage) -> bool:
    """Say whether the sender wrote a stop word after this text, which came late."""
    later = sa.select(InboundMessage.id).where(
        one_of(InboundMessage.sender, variants(text.sender)),
        InboundMessage.sent_at > text.sent_at,
        InboundMessage.effect == Effect.STOP,
    )
    return db.session.scalars(later.limit(1)).first() is not None


def _tell(text: InboundMessage) -> None:
    changes = {"body": [None, text.body], "what": [None, text.what]}
    for customer_id in owners_of(text.sender) if text.sender else ():
        record("message.received", text, customer_id=customer_id, changes=changes)
