"""The history of a message on the customer's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from crm.messages.models import Message
from crm.messages.rules import Answer, Status
from crm.providers.registry import provider_named

ANSWERS = {
    Answer.ACCEPTED: "Taken",
    Answer.NO_CONNECTION: "Not reached",
    Answer.RATE_LIMITED: "Too many at once",
    Answer.PERMANENT: "Not possible",
    Answer.OPTED_OUT: "Opted out",
    Answer.REFUSED_SENDER: "Sender refused",
    Answer.UNKNOWN: "Not known",
}
"""Descriptions of outcomes; a running call has none."""

TOLD_OTHERWISE = frozenset(
    {Status.SCHEDULED, Status.SUBMITTING, Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ, Status.DONE}
)


class Step(NamedTuple):
    at: dt.datetime
    said: str
    reason: str = ""


def history_of(message: Message) -> list[Step]:
    """Return the steps in order; attempts and users should be loaded."""
    return sorted(_steps(message), key=lambda step: step.at)


def _steps(message: Message) -> Iterator[Step]:
    by = f" by {message.created_by.label}" if message.created_by else ""
    yield Step(message.created_at, f"Scheduled{by}")
    for attempt in message.attempts:
        answer = ANSWERS[attempt.outcome] if attempt.outcome else "No answer yet"
        yield Step(
            attempt.started_at,
            f"{provider_named(attempt.gateway).tried_as}: {answer[0].lower()}{answer[1:]}",
            attempt.detail,
        )
    if message.delivered_at:
        yield Step(message.delivered_at, "Delivered")
    if message.read_at:
        yield Step(message.read_at, "Read")
    if message.acknowledged_at:
        by = f" by {message.acknowledged_by.label}" if message.acknowledged_by else ""
        yield Step(message.acknowledged_at, f"Marked as done{by}")
    if message.status not in TOLD_OTHERWISE:
        yield Step(message.status_at, message.status.label, message.reason)
