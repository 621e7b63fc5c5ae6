"""Which of Twilio's messages is the one whose answer was lost.

Twilio's list does not show the address for reports, which alone names our attempt. So a message is taken for ours
only when everything points to it and to nothing else: the same number written to and from, the very text, created
from a minute before the call to ten minutes after it, its id not that of another call of ours, and no second one like
it. Nothing found proves nothing, for a list may lag behind: the message then stays unknown, until a report comes or a
person is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from crm.providers.base import Question

SEARCHED = 50
"""How many of the latest messages to a number are looked through."""

BEFORE, AFTER = dt.timedelta(minutes=1), dt.timedelta(minutes=10)
"""Around the start of the call; Twilio's clock may differ from the database's."""


def pick(messages: Iterable[Any], question: Question) -> Any | None:
    """Return the one message that can only be the one asked about, or None."""
    fitting = [message for message in messages if _fits(message, question)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(message: Any, question: Question) -> bool:
    call, created = question.call, message.date_created
    if not isinstance(created, dt.datetime) or message.sid in question.taken:
        return False
    if call.sender.number and not call.sender.service and _plain(message.from_) != call.sender.number:
        return False
    if call.template is None and message.body != call.body:
        return False
    if not str(message.direction or "").startswith("outbound"):
        return False
    created = created if created.tzinfo else created.replace(tzinfo=dt.UTC)
    return question.started_at - BEFORE <= created <= question.started_at + AFTER


def _plain(number: Any) -> str:
    return str(number or "").removeprefix("whatsapp:")
