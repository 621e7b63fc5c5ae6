"""The states of a message and what they mean; pure values (see the delivery contract in CONTRIBUTING)."""

from __future__ import annotations

import enum


class Channel(enum.StrEnum):
    """How a message reaches the customer."""

    SMS = "sms"
    WHATSAPP = "whatsapp"

    @property
    def label(self) -> str:
        """The channel's name as people write it."""
        return "SMS" if self is Channel.SMS else "WhatsApp"


class Status(enum.StrEnum):
    """Where a message is."""

    SCHEDULED = "scheduled"
    CLAIMED = "claimed"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    RETRY_WAIT = "retry_wait"
    HELD = "held"
    REMINDER = "reminder"
    UNKNOWN = "unknown"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELED = "canceled"
    DONE = "done"
    NO_REPORT = "no_report"

    @property
    def label(self) -> str:
        """The state in the words of the interface."""
        return LABELS[self]


LABELS = {
    Status.SCHEDULED: "Scheduled",
    Status.CLAIMED: "Sending",
    Status.SUBMITTING: "Sending",
    Status.ACCEPTED: "Sent",
    Status.SENT: "Sent",
    Status.DELIVERED: "Delivered",
    Status.READ: "Read",
    Status.RETRY_WAIT: "Will try again",
    Status.HELD: "Waiting",
    Status.REMINDER: "To send by hand",
    Status.UNKNOWN: "Checking",
    Status.UNCONFIRMED: "Could not confirm",
    Status.FAILED: "Failed",
    Status.UNDELIVERED: "Not delivered",
    Status.SUPPRESSED: "Opted out",
    Status.EXPIRED: "Too late",
    Status.CANCELED: "Canceled",
    Status.DONE: "Done",
    Status.NO_REPORT: "No report",
}

WAITING = frozenset({Status.SCHEDULED, Status.RETRY_WAIT, Status.HELD, Status.REMINDER})
"""Nobody is sending it: it may be edited, canceled and marked as done."""

BEING_SENT = frozenset({Status.CLAIMED, Status.SUBMITTING})
"""In a worker's hands: changes answer 409."""

OPEN = WAITING | BEING_SENT | {Status.UNKNOWN, Status.UNCONFIRMED}
"""Neither final nor handed over: what `next_message_at` counts while nobody has acknowledged it."""

NEEDS_A_PERSON = frozenset({Status.REMINDER, Status.UNCONFIRMED, Status.FAILED, Status.UNDELIVERED, Status.EXPIRED})
"""On the list of due reminders until acknowledged."""
