"""What a provider is: a gateway that takes calls, an account to call with, reports, and what it calls us for."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from werkzeug.wrappers import Response

from crm.messages.channels.base import Channel
from crm.messages.rules import Answer as Answer
from crm.messages.rules import ApprovedTemplate, Status


@dataclass(frozen=True, slots=True)
class Sender:
    """The account that a call is made with, and the address it comes from; plain values, for calls run in threads.

    `account`, `token` and `service` are what the provider's `Account` makes of its secrets. `callback` is the public
    URL of the installation. `takes_orders` lets a gateway for tests obey words in a text.
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
    keeps_window: bool
    """Whether it refuses a text of our own outside of the channel's window."""
    max_calls: int
    """How many calls of one organization may be under way at once, which keeps to the provider's rate."""

    def carries(self, channel: Channel) -> bool: ...

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


class Reports(NamedTuple):
    """The tables of a provider that reports: our statuses by its words, and what its codes mean."""

    statuses: Mapping[str, Status]
    codes: Mapping[int, Meaning]
    explain: Callable[[int | None], str]


@dataclass(frozen=True, slots=True)
class Reported:
    """One thing that a provider said about an attempt, or a test, in its own word.

    `user_id` is the provider's id of who was written to, where it gives one.
    """

    attempt_id: int
    word: str
    provider_id: str
    error_code: str | None = None
    said_at: dt.datetime | None = None
    user_id: str = ""

    @property
    def key(self) -> str:
        """What makes it the same report when it comes again."""
        said = "\0".join((self.provider_id, self.word, self.error_code or ""))
        return hashlib.sha256(said.encode()).hexdigest()


class SecretField(NamedTuple):
    """A field of an account's form, kept encrypted; `parse` raises ValueError with a sentence."""

    name: str
    label: str
    parse: Callable[[str], str]
    help: str = ""
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """What an organization enters to send with an account of its own; in capitals the names are the installation's.

    The first of the secrets says whose account it is. `sender` makes what calls need of the secrets, the address
    they come from and the configuration. `addresses` are the settings of the installation's own, by channel.
    """

    title: str
    noun: str
    secrets: tuple[SecretField, ...]
    sender: Callable[[Mapping[str, str], str, Mapping[str, Any]], Sender]
    addresses: Mapping[str, str] = field(default_factory=dict)
    webhook_help: str = ""
    webhook_path: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its secrets."""
        return tuple(secret.name for secret in self.secrets)


class Route(NamedTuple):
    """A path below /webhooks/ that a provider calls; `view` is given a `webhook.Desk` and the path's values.

    A request that isn't signed raises ForgedError, one about nothing that is here UnknownError, which is answered by
    the sentence `unknown`.
    """

    name: str
    path: str
    view: Callable[..., Response]
    unknown: str = "There is nothing of this kind."
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Provider:
    """Everything that there is of a provider. `label` names it among the choices, `tried_as` in a message's history.

    With `shows_calls` a page shows what it was given, for nothing left the machine.
    """

    name: str
    label: str
    tried_as: str
    gateway: Gateway
    account: Account | None = None
    reports: Reports | None = None
    routes: tuple[Route, ...] = ()
    shows_calls: bool = False


def word(pattern: str, sentence: str) -> Callable[[str], str]:
    """Return what reads a secret that matches a pattern as a whole; nothing removes it."""

    def parse(value: str) -> str:
        if value and not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(sentence)
        return value

    return parse
