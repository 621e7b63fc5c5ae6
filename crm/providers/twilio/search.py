"""The search for a message whose answer was lost.

Twilio's list lacks the status callback, the only reference to our attempt. So a message matches only if everything
does: both numbers, the exact text, a creation time from one minute before to ten minutes after the call, an id of no
other call, and no second match. The list may lag, so no match leaves the message unknown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from crm.providers.base import Question

SEARCHED = 50
"""Messages to the number, the latest first."""

BEFORE, AFTER = dt.timedelta(minutes=1), dt.timedelta(minutes=10)
"""Around the start of the call; Twilio's clock may differ from the database's."""


def pick(messages: Iterable[Any], question: Question) -> Any | None:
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
