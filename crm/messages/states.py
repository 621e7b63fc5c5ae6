"""The table of transitions: who moves a message, from which statuses to which.

`docs/delivery.md` draws it, and `Message.turn` enforces it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import NamedTuple

from crm.messages.rules import RESENDABLE, STOPPABLE, WAITING, Status
from crm.messages.status_order import moves

DUE = WAITING - {Status.REMINDER} | {Status.CLAIMED}
"""Statuses that a worker may claim when due; `claimed` ones after their lease."""


REPORTED = (
    *(Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ),
    *(Status.UNDELIVERED, Status.FAILED, Status.SUPPRESSED),
)
"""Statuses in a provider's reports; `moves` filters old ones."""


class Who(enum.StrEnum):
    STAFF = "staff"
    CUSTOMER = "customer"
    WORKER = "worker"
    PROVIDER = "provider"


class Transition(NamedTuple):
    who: Who
    on: str
    before: frozenset[Status]
    after: frozenset[Status]


class StatusError(RuntimeError):
    """A transition that is not in the table."""


def _row(who: Who, on: str, before: Iterable[Status], *after: Status) -> Transition:
    return Transition(who, on, frozenset(before), frozenset(after))


def _moved_by(report: Status) -> list[Status]:
    return [status for status in Status if moves(status, report, is_last=True)]


TRANSITIONS = (
    _row(Who.STAFF, "change it", WAITING, Status.SCHEDULED),
    _row(Who.STAFF, "undo a move", [Status.SCHEDULED], *WAITING),
    _row(Who.STAFF, "cancel it, stop its series, or merge customers who get it twice", WAITING, Status.CANCELED),
    _row(Who.STAFF, "undo a stop or a merge", [Status.CANCELED], *WAITING),
    _row(Who.STAFF, "mark it as done", WAITING, Status.DONE),
    _row(Who.STAFF, "undo Mark as done", [Status.DONE], *WAITING),
    _row(Who.STAFF, "send it again", RESENDABLE, Status.SCHEDULED),
    _row(Who.STAFF, "put the address on the list of opt-outs", STOPPABLE, Status.SUPPRESSED),
    _row(Who.STAFF, "say that a text does not mean STOP", [Status.HELD], Status.SCHEDULED),
    _row(
        Who.STAFF,
        "resume sending after a restore",
        [Status.HELD],
        *(Status.SCHEDULED, Status.REMINDER, Status.EXPIRED, Status.CANCELED, Status.SENT),
    ),
    _row(Who.STAFF, "resume a campaign", [Status.HELD], Status.SCHEDULED),
    _row(Who.CUSTOMER, "writes STOP", STOPPABLE, Status.SUPPRESSED),
    _row(Who.CUSTOMER, "writes what may mean STOP", STOPPABLE, Status.HELD),
    _row(Who.WORKER, "claims what is due", DUE, Status.CLAIMED),
    _row(Who.WORKER, "finds that it has to wait (send policy)", DUE, Status.HELD),
    _row(Who.WORKER, "finds that it is sent by hand", DUE, Status.REMINDER),
    _row(
        Who.WORKER,
        "finds that it may not be sent (send policy)",
        DUE,
        *(Status.CANCELED, Status.SUPPRESSED, Status.FAILED, Status.EXPIRED),
    ),
    _row(Who.WORKER, "finds that a restored copy of the organization sent it", [Status.CLAIMED], Status.SENT),
    _row(Who.WORKER, "has no time left and gives it back", [Status.CLAIMED], Status.SCHEDULED),
    _row(Who.WORKER, "is about to call the provider", [Status.CLAIMED], Status.SUBMITTING),
    _row(Who.WORKER, "finds a call whose lease ran out", [Status.SUBMITTING], Status.UNKNOWN),
    _row(Who.WORKER, "has asked long enough", [Status.UNKNOWN], Status.UNCONFIRMED),
    _row(Who.WORKER, "has asked long enough for what must arrive", [Status.UNKNOWN], Status.RETRY_WAIT),
    _row(Who.WORKER, "has waited for a report long enough", [Status.ACCEPTED], Status.NO_REPORT),
    _row(Who.PROVIDER, "takes it, and will report", [Status.SUBMITTING], Status.ACCEPTED),
    _row(Who.PROVIDER, "takes it, and never reports", [Status.SUBMITTING], Status.SENT),
    _row(Who.PROVIDER, "is not reached, or asks to slow down", [Status.SUBMITTING], Status.RETRY_WAIT),
    _row(Who.PROVIDER, "refuses the account", [Status.SUBMITTING], Status.HELD),
    _row(Who.PROVIDER, "refuses it for good", [Status.SUBMITTING], Status.FAILED),
    _row(Who.PROVIDER, "says that the customer opted out", [Status.SUBMITTING], Status.SUPPRESSED),
    _row(Who.PROVIDER, "gives no answer that says what happened", [Status.SUBMITTING], Status.UNKNOWN),
    *(_row(Who.PROVIDER, f"reports {report}", _moved_by(report), report) for report in REPORTED),
    _row(Who.PROVIDER, "reports that the customer had enough for now", _moved_by(Status.FAILED), Status.RETRY_WAIT),
    _row(Who.PROVIDER, "reports that the account is refused", _moved_by(Status.FAILED), Status.HELD),
)

_MAY_TURN = frozenset((before, after) for row in TRANSITIONS for before in row.before for after in row.after)


def ensure_may_turn(before: Status, after: Status) -> None:
    if (before, after) not in _MAY_TURN:
        raise StatusError(f"no message moves from {before} to {after}")
