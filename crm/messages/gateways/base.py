"""What a gateway is: it takes one call and says in plain values what came of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from crm.messages.rules import ApprovedTemplate, Channel


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt to hand a message over. `attempt_id` travels with it, as its idempotency key.

    With a `template` the provider is given its name and parameters; `body` is then what people read of it.
    """

    attempt_id: int
    message_id: int
    gateway: str
    channel: Channel
    to: str
    body: str
    template: ApprovedTemplate | None = None


class Answer(enum.StrEnum):
    """What came of a call; each has its row in the delivery contract's table."""

    ACCEPTED = "accepted"
    NO_CONNECTION = "no_connection"
    RATE_LIMITED = "rate_limited"
    PERMANENT = "permanent"
    OPTED_OUT = "opted_out"
    REFUSED_SENDER = "refused_sender"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a call, with the provider's id and code, and a sentence for people.

    `retry_after` is in seconds and only counts for RATE_LIMITED.
    """

    answer: Answer
    provider_id: str | None = None
    code: str | None = None
    sentence: str = ""
    retry_after: float = 0


class Gateway(Protocol):
    """A way to send messages."""

    name: str
    by_hand: bool
    """Nothing is called: a due message becomes a reminder for staff."""
    reports: bool
    """Whether it tells later what became of a message it accepted; if not, accepted means sent."""

    def send(self, call: Call) -> Outcome:
        """Hand one message over; called with no transaction open.

        An exception counts as UNKNOWN, for the message may be on its way.
        """
        ...
