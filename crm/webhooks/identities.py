"""Matching reports and texts to addresses by the providers' names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from crm.inbox.inbound import Incoming
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.messages.models import Attempt
from crm.messages.sender_ids import known, learn, news
from crm.providers.base import Reported
from crm.values.phone import digits


def learn_from(reports: Iterable[Reported]) -> None:
    """Store the user ids in reports, by the recipients of their attempts."""
    ids = {report.attempt_id: report.user_id for report in reports if report.user_id}
    if ids:
        rows = db.session.execute(sa.select(Attempt.id, Attempt.recipient).where(one_of(Attempt.id, list(ids)))).all()
        learn(news({ids[row.id]: row.recipient for row in rows}))


def named(texts: Sequence[Incoming]) -> list[Incoming]:
    """Return texts with the addresses that we know their senders by; what they tell of their senders is remembered."""
    addresses = known({name for text in texts if text.channel.has_sender_ids for name in _names(text)})
    found = [_named(text, addresses) for text in texts]
    learn(
        {text.sender_id: text.sender for text in found if _tells(text) and addresses.get(text.sender_id) != text.sender}
    )
    return found


def _named(text: Incoming, addresses: Mapping[str, str]) -> Incoming:
    address = next((addresses[name] for name in _names(text) if name in addresses), None)
    return replace(text, sender=address) if address else text


def _names(text: Incoming) -> list[str]:
    """Return the names of a text's sender; its number is more certain than an id of before."""
    if not text.channel.has_sender_ids:
        return []
    return [digits(text.sender)] if text.sender else [text.sender_id] if text.sender_id else []


def _tells(text: Incoming) -> bool:
    return bool(text.channel.has_sender_ids and text.sender and text.sender_id)
