"""The history of a message on the customer's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

from crm.messages.models import Message
from crm.messages.rules import Answer, Status
from crm.providers.registry import provider_named
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import shown

ANSWERS = {
    Answer.ACCEPTED: N_("Accepted"),
    Answer.NO_CONNECTION: N_("No connection"),
    Answer.RATE_LIMITED: N_("Rate limit reached"),
    Answer.DEFERRED: N_("Put off by the receiving server"),
    Answer.PERMANENT: N_("Rejected"),
    Answer.OPTED_OUT: N_("Opted out"),
    Answer.REFUSED_SENDER: N_("Sender refused"),
    Answer.UNKNOWN: N_("No answer"),
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
    yield Step(message.created_at, _scheduled(message))
    for attempt in message.attempts:
        answer = ANSWERS[attempt.outcome] if attempt.outcome else _("No answer yet")
        tried = _("%(provider)s: %(answer)s", provider=provider_named(attempt.gateway).tried_as, answer=answer)
        yield Step(attempt.started_at, tried, shown(attempt.detail))
    if message.delivered_at:
        yield Step(message.delivered_at, _("Delivered"))
    if message.read_at:
        yield Step(message.read_at, _("Read"))
    if message.acknowledged_at:
        yield Step(message.acknowledged_at, _done(message))
    if message.status not in TOLD_OTHERWISE:
        yield Step(message.status_at, str(message.status.label), message.shown_reason)


def _scheduled(message: Message) -> str:
    if message.created_by is None:
        return _("Scheduled")
    return _("Scheduled by %(name)s", name=message.created_by.label)


def _done(message: Message) -> str:
    if message.acknowledged_by is None:
        return _("Marked as done")
    return _("Marked as done by %(name)s", name=message.acknowledged_by.label)
