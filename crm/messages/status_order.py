"""How far a message has come: a report moves it forward only; pure values."""

from __future__ import annotations

from crm.messages.rules import Status

ORDER = {
    **dict.fromkeys(Status, 0),
    Status.ACCEPTED: 1,
    Status.NO_REPORT: 1,
    Status.SENT: 2,
    **dict.fromkeys((Status.FAILED, Status.UNDELIVERED, Status.SUPPRESSED), 3),
    Status.DELIVERED: 4,
    Status.READ: 5,
    # What a person said of it stays.
    **dict.fromkeys((Status.CANCELED, Status.DONE), 9),
}

ARRIVED = frozenset({Status.DELIVERED, Status.READ})
GOOD = ARRIVED | {Status.ACCEPTED, Status.SENT}
BELIEVED = frozenset(
    {Status.SUBMITTING, Status.UNKNOWN, Status.UNCONFIRMED, Status.ACCEPTED, Status.SENT, Status.NO_REPORT}
)
"""A message in these states may turn out not to have arrived; in the others nothing is on its way."""


def moves(before: Status, after: Status, *, is_last: bool) -> bool:
    """Say whether a report of `after` moves a message that is `before`.

    That it arrived counts of any attempt, and stops another one that is about to begin. All else counts only of the
    last attempt, and only while that one is believed to be on its way: a message that is to be sent again waits for
    another attempt, and what comes late of the one before is no news.
    """
    if ORDER[after] <= ORDER[before]:
        return False
    if after in ARRIVED:
        return True
    return is_last and (before in BELIEVED or (after in GOOD and before is Status.RETRY_WAIT))
