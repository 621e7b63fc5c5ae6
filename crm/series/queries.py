"""Reads of series for pages."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.customers.models import Customer
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


def series_of(customer: Customer) -> Sequence[Series]:
    """Return the active series that a customer's page loaded with the customer (`WITH_SERIES`), the oldest first."""
    found: Sequence[Series] = customer.active_series  # type: ignore[attr-defined]
    return found


def latest_message(series_id: int) -> Message | None:
    return db.session.scalar(
        sa.select(Message)
        .join(Occurrence, Occurrence.message_id == Message.id)
        .where(Occurrence.series_id == series_id)
        .order_by(Occurrence.date.desc())
        .limit(1)
    )
