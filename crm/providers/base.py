"""What a gateway is: it takes one call and says in plain values what came of it."""

from __future__ import annotations

import datetime as dt
import enum
import re
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from crm.messages.rules import ApprovedTemplate, Channel


@dataclass(frozen=True, slots=True)
class Sender:
    """The account that a call is made with, and the number it comes from; plain values, for calls run in threads.

    `account` is Twilio's Account SID or Meta's phone number id, `service` Twilio's Messaging Service SID. `callback`
    is the public URL of the installation. `takes_orders` lets the console gateway obey words in a text.
    """

    number: str = ""
    account: str = ""
    token: str = field(default="", repr=False)
    service: str = ""
    base: str = ""
    callback: str = ""
    takes_orders: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt to hand a message over. `attempt_id` travels with it, as its idempotency key; 0 is a test.

    `test_id` travels with a test in its stead.
    With a `template` the provider is given its name and parameters; `body` is then what people read of it.
    """

    attempt_id: int
    message_id: int
    gateway: str
    channel: Channel
    to: str
    body: str
    template: ApprovedTemplate | None = None
    sender: Sender = Sender()
    test_id: int = 0


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

    `retry_after` is in seconds and only counts for RATE_LIMITED. `known_as` are names by which the provider knows who
    was written to, where they are not the number.
    """

    answer: Answer
    provider_id: str | None = None
    code: str | None = None
    sentence: str = ""
    retry_after: float = 0
    known_as: tuple[str, ...] = ()


class Meaning(NamedTuple):
    """What a provider's code means: for delivery, and for people."""

    answer: Answer
    sentence: str


@dataclass(frozen=True, slots=True)
class Question:
    """A call whose answer was lost, asked about later; `taken` are the provider's ids of other calls."""

    call: Call
    provider_id: str | None
    started_at: dt.datetime
    taken: frozenset[str] = frozenset()


class Found(NamedTuple):
    """What a provider knows of a call whose answer was lost, in its own word and code."""

    provider_id: str
    word: str
    code: str | None = None


def test_reference(test_id: int) -> str:
    """Return what names a test message at a provider, where an attempt's id would stand."""
    return f"test-{test_id}"


def referred_test(reference: str) -> int | None:
    """Return the test message that a provider names, or None."""
    found = re.fullmatch(r"test-([1-9]\d{0,17})", reference, re.ASCII)
    return int(found[1]) if found else None


class Gateway(Protocol):
    """A way to send messages."""

    name: str
    by_hand: bool
    """Nothing is called: a due message becomes a reminder for staff."""
    reports: bool
    """Whether it tells later what became of a message it accepted; if not, accepted means sent."""
    channels: frozenset[Channel]
    """What it can send."""
    at_once: int
    """So many calls of one organization may be in flight at once, which keeps to the provider's rate."""

    def lacks(self, sender: Sender, channel: Channel) -> str:
        """Say what an owner has to enter before it can send, or nothing."""
        ...

    def send(self, call: Call) -> Outcome:
        """Hand one message over; called with no transaction open.

        An exception counts as UNKNOWN, for the message may be on its way.
        """
        ...

    def look_up(self, question: Question) -> Found | None:
        """Find what became of a call, when it is certain; None when it isn't, or the gateway can't be asked."""
        ...
