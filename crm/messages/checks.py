"""What a message may say, to whom and when: the rules that its services ask before they write."""

from __future__ import annotations

import datetime as dt

from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.kernel.errors import SentenceError
from crm.messages.channels.base import MAX_SUBJECT, Channel
from crm.messages.channels.registry import consent_problem
from crm.values import clock
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.values.text import clean_line

PAST = dt.timedelta(minutes=5)
AHEAD = dt.timedelta(days=clock.MAX_DAYS, hours=3)
"""How far ahead a message may be scheduled."""


FOOTER = 300
"""Characters of marketing that say how it ends."""


class RefusedError(SentenceError):
    """A broken rule; `field` is where the form shows the sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def check_content(
    customer: Customer,
    channel: Channel,
    body: str,
    opt_out: str | None,
    subject: str,
    purpose: MessagePurpose = MessagePurpose.SERVICE,
) -> None:
    """Raise RefusedError for what the customer may not get; `opt_out` is the sentence about their opt-out."""
    if customer.merged_into_id is not None:
        raise RefusedError(
            "channel", _("%(name)s was merged with another customer. Open their page again.", name=customer.name)
        )
    if customer.is_archived:
        raise RefusedError(
            "channel", _("%(name)s is archived. Restore them first, then schedule a message.", name=customer.name)
        )
    problem = consent_problem(customer, channel, purpose) or channel.addresses.problem(customer) or opt_out
    if problem:
        raise RefusedError("channel", problem)
    if channel.has_subject:
        check_subject(subject)
    if not body.strip():
        raise RefusedError("body", _("Write the message."))
    room = room_for(channel, purpose)
    over = len(body) - room
    if over > 0:
        raise RefusedError("body", too_long(over, channel, room))


def room_for(channel: Channel, purpose: MessagePurpose) -> int:
    """Return how many characters a text may have; marketing leaves room for how it ends."""
    return channel.max_length - (FOOTER if purpose is MessagePurpose.MARKETING else 0)


def subject_for(channel: Channel, typed: str) -> str:
    """Return a typed subject as one line, "" for a channel without."""
    return clean_line(typed) if channel.has_subject else ""


def check_subject(subject: str) -> None:
    if not subject:
        raise RefusedError("subject", _("Write the subject."))
    over = len(subject) - MAX_SUBJECT
    if over > 0:
        raise RefusedError(
            "subject",
            ngettext(
                "Shorten the subject by %(num)s character.",
                "Shorten the subject by %(num)s characters.",
                over,
                num=over,
            ),
        )


def too_long(over: int, channel: Channel, room: int | None = None) -> str:
    return ngettext(
        "Shorten the message by %(num)s character: %(channel)s has room for %(room)s.",
        "Shorten the message by %(num)s characters: %(channel)s has room for %(room)s.",
        over,
        num=f"{over:,}",
        channel=channel.label,
        room=f"{channel.max_length if room is None else room:,}",
    )


def check_time(send_at: dt.datetime, now: dt.datetime) -> None:
    if send_at < now - PAST:
        raise RefusedError("send_at", _("This time has passed. Choose a later one."))
    if send_at > now + AHEAD:
        raise RefusedError("send_at", _("Choose a time within the next two years."))
