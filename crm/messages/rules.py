"""The states of a message and what they mean; pure values (see the delivery contract in CONTRIBUTING)."""

from __future__ import annotations

import datetime as dt
import enum
import re
from dataclasses import asdict, dataclass
from typing import Any


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

    @property
    def tone(self) -> str:
        """How the state is coloured: good, attention, bad or neutral."""
        return TONES.get(self, "neutral")


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

TONES = {
    **dict.fromkeys((Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ, Status.DONE), "good"),
    **dict.fromkeys((Status.REMINDER, Status.UNCONFIRMED, Status.EXPIRED, Status.RETRY_WAIT), "attention"),
    **dict.fromkeys((Status.FAILED, Status.UNDELIVERED), "bad"),
}

WAITING = frozenset({Status.SCHEDULED, Status.RETRY_WAIT, Status.HELD, Status.REMINDER})
"""Nobody is sending it: it may be edited, canceled and marked as done."""

BEING_SENT = frozenset({Status.CLAIMED, Status.SUBMITTING})
"""In a worker's hands: changes answer 409."""

STOPPABLE = WAITING | {Status.CLAIMED}
"""Not on its way yet: what a stop word stops, a message that a worker is only about to send too."""

OPEN = WAITING | BEING_SENT | {Status.UNKNOWN, Status.UNCONFIRMED}
"""Neither final nor handed over: what `next_message_at` counts while nobody has acknowledged it."""

NEEDS_A_PERSON = frozenset({Status.REMINDER, Status.UNCONFIRMED, Status.FAILED, Status.UNDELIVERED, Status.EXPIRED})
"""On the list of due reminders until acknowledged."""

RESENDABLE = frozenset({Status.UNCONFIRMED, Status.FAILED, Status.UNDELIVERED, Status.EXPIRED})
"""It did not arrive, or nobody knows: staff may have it sent again."""

HANDED_OVER = frozenset({Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ, Status.NO_REPORT})
"""A provider has it."""


class Answer(enum.StrEnum):
    """What came of a call, as the provider answered it."""

    ACCEPTED = "accepted"
    NO_CONNECTION = "no_connection"
    RATE_LIMITED = "rate_limited"
    PERMANENT = "permanent"
    OPTED_OUT = "opted_out"
    REFUSED_SENDER = "refused_sender"
    UNKNOWN = "unknown"


LATE = dt.timedelta(minutes=15)
"""After this long past its time, a message that still waits needs a person."""

_DAY_WORD = re.compile(
    r"(?<!\w)(?:today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening)"
    r"|hari ini|malam ini|pagi ini|siang ini|sore ini|nanti malam|nanti sore|nanti siang|besok|lusa|kemarin"
    r"|آج|کل|پرسوں|aaj|اليوم|الليلة|غدا|غدًا|أمس"
    r"|hoy|mañana|ayer|hoje|amanhã|ontem|aujourd.hui|demain|heute|morgen|gestern|bugün|сегодня|завтра)(?!\w)",
    re.IGNORECASE,
)
"""Words for a day that mean another one when they are read a day later."""

ASKED = "Choose Opt out or Go on in the inbox."
"""How the reason ends of a message that waits for somebody to say whether a text means STOP."""

WAITS = "Messages wait until this is put right."
"""What is said of a sender that is refused, after why it is."""

FIRST_RETRY = 30.0
SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class ApprovedTemplate:
    """A text that WhatsApp has approved, by its name there, with what goes in the place of its parameters.

    `template_id` is our own template that it comes from; it may have changed since. `names` are those of the
    parameters, where they have names instead of places.
    """

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    template_id: int | None = None
    names: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what a database keeps."""
        return {**asdict(self), "parameters": list(self.parameters), "names": list(self.names)}

    @classmethod
    def from_json(cls, kept: dict[str, Any] | None) -> ApprovedTemplate | None:
        """Return what a database keeps as the values of the fields; None for nothing."""
        if not kept:
            return None
        return cls(**{**kept, "parameters": tuple(kept["parameters"]), "names": tuple(kept.get("names", ()))})


def holding_reason(name: str, text: str) -> str:
    """Return why a message waits for somebody to say whether a text of its customer means STOP."""
    shown = " ".join(text.split())
    shown = f"{shown[:79]}…" if len(shown) > 80 else shown
    return f"{name} wrote “{shown}”. {ASKED}"


def day_word(text: str) -> str | None:
    """Return the first word of a text that says which day it speaks of by the day it is read on, or None."""
    found = _DAY_WORD.search(text)
    return found[0] if found else None


def told_alike(status: Status) -> list[Status]:
    """Return the statuses that people see as the same state."""
    return [other for other in Status if other.label == status.label]


def back_off(tries: int, chance: float) -> dt.timedelta:
    """Return how long to wait after the `tries`-th try in vain (1 is the first); `chance` is from 0 to 1.

    30 s · 2ⁿ, 20 % more or less, so that messages that failed together don't come back together.
    """
    # Twelve doublings are 34 hours, longer than any message waits.
    seconds = FIRST_RETRY * 2 ** min(tries - 1, 12)
    return dt.timedelta(seconds=seconds * (1 + SPREAD * (2 * chance - 1)))
