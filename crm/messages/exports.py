"""Messages as an export."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from crm.customers.exports import whose
from crm.kernel.exports import Column, Export, Kind
from crm.kernel.extensions import db
from crm.messages.channels.registry import channel_named
from crm.messages.models import Message
from crm.messages.queries import LATEST_FIRST, MessageFilter, conditions_of
from crm.messages.rules import Status
from crm.values.language import N_


def ids_of(query: Mapping[str, str]) -> list[int]:
    conditions = conditions_of(MessageFilter.from_args(query))
    return list(db.session.scalars(sa.select(Message.id).where(*conditions).order_by(*LATEST_FIRST)))


def _label_of_channel(name: str) -> str:
    return channel_named(name).label


EXPORT = Export(
    "messages",
    N_("Messages"),
    30,
    "messages.index",
    ids_of,
    Message.id,
    (
        Column("id", N_("Message number"), Message.id, Kind.NUMBER),
        *whose(Message.customer_id),
        Column("channel", N_("Channel"), sa.type_coerce(Message.channel, sa.String), words=_label_of_channel),
        Column("subject", N_("Subject"), Message.subject),
        Column("body", N_("Message"), Message.body),
        Column("send_at", N_("Time"), Message.send_at, Kind.MOMENT),
        Column("status", N_("State"), Message.status, words=lambda status: Status(status).label),
        Column("reason", N_("Reason"), Message.reason),
        Column("handed_over_at", N_("Handed over"), Message.handed_over_at, Kind.MOMENT),
        Column("delivered_at", N_("Delivered"), Message.delivered_at, Kind.MOMENT),
        Column("read_at", N_("Read"), Message.read_at, Kind.MOMENT),
        Column("created_at", N_("Added"), Message.created_at, Kind.MOMENT),
    ),
)
