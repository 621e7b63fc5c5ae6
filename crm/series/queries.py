"""Reads of series for pages."""

from __future__ import annotations

import sqlalchemy as sa

from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.messages.models import Message
from crm.series.models import Occurrence, Series


def series_of_message(message_id: int) -> Series | None:
    """Return the active series of a message, or None."""
    return db.session.scalar(
        sa.select(Series)
        .join(Occurrence, Occurrence.series_id == Series.id)
        .where(Occurrence.message_id == message_id, Series.stopped_at.is_(None))
    )


def occurrence_of(message_id: int) -> Occurrence | None:
    return db.session.scalar(sa.select(Occurrence).where(Occurrence.message_id == message_id))


def series_of(customer_id: int) -> list[Series]:
    """Return the active series of a customer, the oldest first."""
    return list(db.session.scalars(_OF_CUSTOMER, {"customer": customer_id}))


def latest_message(series_id: int) -> Message | None:
    return db.session.scalar(
        sa.select(Message)
        .join(Occurrence, Occurrence.message_id == Message.id)
        .where(Occurrence.series_id == series_id)
        .order_by(Occurrence.date.desc())
        .limit(1)
    )


_OF_CUSTOMER = prepared(
    sa.select(Series)
    .where(Series.customer_id == sa.bindparam("customer"), Series.stopped_at.is_(None))
    .order_by(Series.id)
)
"""Built once, for every customer's page."""
