"""Addresses whose mail comes back again and again, though none says for good that the mailbox is not there.

The rule of Keila, and the usual advice: three of the last five letters, over two weeks at least. Replies of an absent
owner are no report and count for nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.kernel.extensions import db
from crm.messages.models import Attempt, Message
from crm.messages.rules import Status

LOOKED_AT, TOO_MANY = 5, 3
APART = dt.timedelta(days=14)
FULL = ("4.2.2", "5.2.2", "552")
"""What a mail server itself says of a full mailbox (RFC 3463)."""


SENDER = "5.7."
"""How the code of a refused sender begins: it says nothing of the mailbox."""


def is_full(error_code: str | None) -> bool:
    return error_code in FULL


def are_too_many(message: Message, address: str) -> bool:
    """Tell whether the last letters to an address, with this one, came back too often."""
    letters = sa.select(Message.status, Attempt.error_code, Attempt.started_at)
    letters = letters.join(Attempt, Attempt.message_id == Message.id).where(
        Message.customer_id == message.customer_id,
        Attempt.channel == message.channel,
        Attempt.recipient == address,
        Attempt.id == _last_of(Message.id),
    )
    last = db.session.execute(letters.order_by(Attempt.id.desc()).limit(LOOKED_AT)).all()
    back = [row.started_at for row in last if _came_back(row) or _was_full(row)]
    return len(back) >= TOO_MANY and max(back) - min(back) >= APART


def _last_of(message_id: Any) -> Any:
    other = aliased(Attempt)
    return sa.select(sa.func.max(other.id)).where(other.message_id == message_id).correlate(Message).scalar_subquery()


def _came_back(row: Any) -> bool:
    return row.status is Status.UNDELIVERED and not (row.error_code or "").startswith(SENDER)


def _was_full(row: Any) -> bool:
    return row.status in (Status.FAILED, Status.EXPIRED) and is_full(row.error_code)
