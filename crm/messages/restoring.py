"""Messages of a backup: a restore holds them back, and sends nothing before an owner resumes sending."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from crm.kernel.columns import new_uid
from crm.kernel.data import Arrival
from crm.messages import sent_ledger
from crm.messages.models import Message
from crm.messages.rules import STOPPABLE, Status
from crm.values.language import N_
from crm.values.stored import stored

RESTORED = stored(N_("It comes from the backup of %(when)s and waits until an owner resumes sending."))
SENT_SINCE = stored(N_("It was sent on %(when)s, after this backup was made."))
BEING_SENT = N_("It was being sent when the backup was made. We can't tell whether it arrived.")
PAUSED = N_("Sending is paused. An owner resumes it in Settings, Backups.")
MISSED = N_("Its time came while sending was paused after a restore. Send it again if it is still right.")
GIVEN_UP = N_("It was canceled when sending was resumed after a restore.")

KEPT = ("status", "reason", "status_at")
"""The columns that a restore changes, and `before_restore` keeps."""


def as_backed_up(row: dict[str, Any]) -> bool:
    """Let a backup take a message that is held back as the backup before had it."""
    if row["before_restore"]:
        row.update(row["before_restore"])
    return True


def hold_back(rows: Sequence[dict[str, Any]], arrival: Arrival) -> None:
    """Hold back what waits; what was sent since the backup is sent, and what was being sent is unknown."""
    waiting = [row for row in rows if row["status"] in STOPPABLE]
    sent = sent_ledger.sent(row["uid"] for row in waiting if row.get("uid"))
    for row in rows:
        row["uid"] = row.get("uid") or new_uid()
        if row["status"] in STOPPABLE:
            _hold(row, arrival, sent.get(row["uid"]))
        elif row["status"] in (Status.SUBMITTING, Status.UNKNOWN):
            row.update(status=Status.UNCONFIRMED, reason=BEING_SENT, status_at=arrival.now)


def _hold(row: dict[str, Any], arrival: Arrival, sent_at: dt.datetime | None) -> None:
    if sent_at is not None:
        reason = SENT_SINCE.english(when=said(sent_at))
        row.update(status=Status.SENT, reason=reason, status_at=arrival.now, handed_over_at=sent_at)
        return
    before = Status.SCHEDULED if row["status"] == Status.CLAIMED else row["status"]
    row["before_restore"] = {"status": before, "reason": row["reason"], "status_at": _plain(row["status_at"])}
    reason = RESTORED.english(when=said(arrival.backed_up_at))
    row.update(status=Status.HELD, reason=reason, status_at=arrival.now)


def let_go(message: Message, as_of: dt.datetime, now: dt.datetime, *, missed_too: bool) -> dt.datetime | None:
    """Let a message wait as before; return when the worker looks at it.

    What was due before `as_of` is not sent, unless `missed_too`.
    """
    before = Status((message.before_restore or {}).get("status", Status.SCHEDULED))
    message.before_restore = None
    if before is Status.REMINDER:
        message.turn(Status.REMINDER, now)
        return None
    if message.send_at <= as_of and not missed_too:
        message.turn(Status.EXPIRED, now, MISSED)
        return None
    message.turn(Status.SCHEDULED, now)
    return message.send_at


def give_up(message: Message, now: dt.datetime) -> None:
    message.before_restore = None
    message.turn(Status.CANCELED, now, GIVEN_UP)


def mark_sent(message: Message, sent_at: dt.datetime, now: dt.datetime) -> None:
    """Record that another copy of the organization sent it."""
    message.before_restore, message.handed_over_at = None, sent_at
    message.turn(Status.SENT, now, SENT_SINCE.english(when=said(sent_at)))


def said(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _plain(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
