"""The order of statuses: reports move a message forward only."""

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
"""A message in these statuses may still turn out not to have arrived."""


def moves(before: Status, after: Status, *, is_last: bool) -> bool:
    """Whether a report moves a message from `before` to `after`.

    "Arrived" counts for any attempt, and stops another one that is about to begin. Other reports count only for the
    last attempt while it is believed to be on its way: late news of an earlier attempt is ignored.
    """
    if ORDER[after] <= ORDER[before]:
        return False
    if after in ARRIVED:
        return True
    return is_last and (before in BELIEVED or (after in GOOD and before is Status.RETRY_WAIT))
