"""The interface of a provider: gateway, account, reports and webhook."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from werkzeug.wrappers import Response

from crm.messages.channels.base import Channel
from crm.messages.rules import Answer as Answer
from crm.messages.rules import ApprovedTemplate, Status
from crm.messages.suppression_models import OptOutSource, Purpose
from crm.values.language import N_

GATEWAY_FAILED = N_("The gateway failed.")


@dataclass(frozen=True, slots=True)
class Sender:
    """The account and the sender of a call; plain values, for threads.

    account, token, service: made from the secrets by `Account`. callback: the installation's public URL.
    takes_orders: whether a test gateway obeys words in a text. name, reply_to: of an e-mail. is_own: whether it is the
    organization's own account. returns_to, returns_key: where e-mail comes back to, and the key of the proof in it.
    """

    number: str = ""
    account: str = ""
    token: str = field(default="", repr=False)
    service: str = ""
    base: str = ""
    callback: str = ""
    takes_orders: bool = False
    name: str = ""
    reply_to: str = ""
    is_own: bool = False
    returns_to: str = ""
    returns_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt to send a message.

    attempt_id: the idempotency key, 0 for a test. test_id: of a test. template: sent by name with its parameters;
    `body` is what people read of it. is_automatic: no person wrote it. unsubscribe: the link that ends marketing.
    letter_id: of a letter to a user of ours.
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
    subject: str = ""
    is_automatic: bool = False
    unsubscribe: str = ""
    letter_id: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a call.

    retry_after: seconds, for RATE_LIMITED. known_as: other names of the recipient at the provider. is_dead: whether
    nothing will ever arrive at the address.
    """

    answer: Answer
    provider_id: str | None = None
    code: str | None = None
    sentence: str = ""
    retry_after: float = 0
    known_as: tuple[str, ...] = ()
    is_dead: bool = False


class Meaning(NamedTuple):
    """purpose: what a customer who opted out gets no more of; marketing is that of the channel.

    again: how long after each refusal it is sent once more. grows: the pause after the n-th refusal is grows ** n
    seconds.
    """

    answer: Answer
    sentence: str
    purpose: Purpose = Purpose.ALL
    again: tuple[dt.timedelta, ...] = ()
    grows: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A call whose answer was lost; `taken` are the provider's ids of other calls."""

    call: Call
    provider_id: str | None
    started_at: dt.datetime
    taken: frozenset[str] = frozenset()


class Found(NamedTuple):
    provider_id: str
    word: str
    code: str | None = None


LETTER = "letter-"


def test_reference(test_id: int) -> str:
    """Return the reference of a test message, in the place of an attempt's id."""
    return f"test-{test_id}"


def letter_reference(letter_id: int) -> str:
    """Return the reference of a letter to a user of ours; nothing is done with what is reported of it."""
    return f"{LETTER}{letter_id}"


def refers_to_letter(reference: str) -> bool:
    return reference.startswith(LETTER)


def referred_test(reference: str) -> int | None:
    found = re.fullmatch(r"test-([1-9]\d{0,17})", reference, re.ASCII)
    return int(found[1]) if found else None


class Gateway(Protocol):
    name: str
    by_hand: bool
    """No call: a due message becomes a reminder for staff."""
    reports: bool
    """Whether it reports the fate of accepted messages; otherwise accepted means sent."""
    keeps_window: bool
    """Whether it refuses free texts outside the channel's window."""
    max_calls: int
    """Running calls per organization, within the provider's rate."""

    def carries(self, channel: Channel) -> bool: ...

    def lacks(self, sender: Sender, channel: Channel) -> str:
        """Say what an owner has to enter before it can send, or ""."""
        ...

    def send(self, call: Call) -> Outcome:
        """Send one message, without an open transaction. An exception counts as UNKNOWN."""
        ...

    def look_up(self, question: Question) -> Found | None:
        """Find the fate of a call, if certain."""
        ...


class Closing(NamedTuple):
    """What a report takes an address out of, and why."""

    source: OptOutSource
    purpose: Purpose


class Reports(NamedTuple):
    """What a provider's words mean. sentences, closes: of words that say it themselves, without a code."""

    statuses: Mapping[str, Status]
    codes: Mapping[int, Meaning]
    explain: Callable[[int | None], str]
    sentences: Mapping[str, str] = MappingProxyType({})
    closes: Mapping[str, Closing] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reported:
    """One report about an attempt or a test, in the provider's word.

    `user_id` is the provider's id of the recipient, if given.
    """

    attempt_id: int
    word: str
    provider_id: str
    error_code: str | None = None
    said_at: dt.datetime | None = None
    user_id: str = ""

    @property
    def key(self) -> str:
        """Equal for repeated reports."""
        said = "\0".join((self.provider_id, self.word, self.error_code or ""))
        return hashlib.sha256(said.encode()).hexdigest()


class SecretField(NamedTuple):
    """An encrypted field of an account's form; `parse` raises ValueError with a sentence."""

    name: str
    label: str
    parse: Callable[[str], str]
    help: str = ""
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """The form of an account; upper-case names are the installation's variables.

    The first secret identifies the account. `sender` builds the values of calls. `addresses` are the settings of the
    installation's senders, by channel. console: the page of the provider that shows them. dkim_selectors: names under
    which one of its DKIM keys stands.
    """

    title: str
    secrets: tuple[SecretField, ...]
    sender: Callable[[Mapping[str, str], str, Mapping[str, Any]], Sender]
    addresses: Mapping[str, str] = field(default_factory=dict)
    webhook_help: str = ""
    webhook_path: str = ""
    console: str = ""
    dkim_selectors: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(secret.name for secret in self.secrets)


class Route(NamedTuple):
    """A path below /webhooks/; `view` gets a `webhook.Desk` and the path's values.

    Raises ForgedError for a bad signature, and UnknownError for unknown subjects, answered with `unknown`.
    """

    name: str
    path: str
    view: Callable[..., Response]
    unknown: str = "There is nothing of this kind."
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Provider:
    """All parts of a provider. `label` names it among the choices, `tried_as` in a message's history.

    With `shows_calls` a page lists its calls: nothing left the machine.
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
    """Return a parser for a secret that matches a pattern; empty removes it."""

    def parse(value: str) -> str:
        if value and not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(str(sentence))
        return value

    return parse
