"""By which names WhatsApp knows the people of our numbers: what it told when we wrote to them, to know them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.columns import one_of
from crm.db import transaction
from crm.extensions import db
from crm.messages.inbound import Incoming
from crm.messages.models import Attempt
from crm.messages.reports import Heard
from crm.messages.rules import Channel
from crm.messages.senders.models import WhatsappId
from crm.phone import digits


def learn(phones: Mapping[str, str]) -> None:
    """Remember phone numbers by the names that WhatsApp has for their people."""
    if not phones:
        return
    with transaction() as session:
        known = {row.name: row for row in session.scalars(sa.select(WhatsappId).where(_is_named(phones)))}
        for name, phone in sorted(phones.items()):
            if name in known:
                known[name].phone = phone
                continue
            try:
                with session.begin_nested():
                    session.add(WhatsappId(name=name[:150], phone=phone))
            except IntegrityError:
                continue  # Another request was told the same at once.


def learn_from(heard: Iterable[Heard]) -> None:
    """Remember the ids of users that reports name, by the numbers that the attempts wrote to."""
    ids = {report.attempt_id: report.user_id for report in heard if report.user_id}
    if ids:
        rows = db.session.execute(sa.select(Attempt.id, Attempt.recipient).where(one_of(Attempt.id, list(ids)))).all()
        learn(_news({ids[row.id]: row.recipient for row in rows}))


def forget(phones: Iterable[str]) -> None:
    """Delete the names by which WhatsApp knows the people of numbers that are nobody's any more."""
    db.session.execute(sa.delete(WhatsappId).where(WhatsappId.phone.in_(list(phones))))


def named(texts: Sequence[Incoming]) -> list[Incoming]:
    """Return texts with the numbers that we know their senders by; what they tell of their senders is remembered."""
    phones = _known({name for text in texts if text.channel is Channel.WHATSAPP for name in _names(text)})
    found = [_named(text, phones) for text in texts]
    learn({text.sender_id: text.sender for text in found if _tells(text) and phones.get(text.sender_id) != text.sender})
    return found


def _named(text: Incoming, phones: Mapping[str, str]) -> Incoming:
    phone = next((phones[name] for name in _names(text) if name in phones), None)
    return replace(text, sender=phone) if phone else text


def _names(text: Incoming) -> list[str]:
    """Return the names of a text's sender; its number is more certain than an id of before."""
    if text.channel is not Channel.WHATSAPP:
        return []
    return [digits(text.sender)] if text.sender else [text.sender_id] if text.sender_id else []


def _tells(text: Incoming) -> bool:
    return bool(text.channel is Channel.WHATSAPP and text.sender and text.sender_id)


def _news(phones: Mapping[str, str]) -> dict[str, str]:
    known = _known(phones)
    return {name: phone for name, phone in phones.items() if known.get(name) != phone}


def _known(names: Iterable[str]) -> dict[str, str]:
    wanted = set(names)
    if not wanted:
        return {}
    return {row.name: row.phone for row in db.session.scalars(sa.select(WhatsappId).where(_is_named(wanted)))}


def _is_named(names: Iterable[str]) -> sa.ColumnElement[bool]:
    return one_of(WhatsappId.name, list(names))
