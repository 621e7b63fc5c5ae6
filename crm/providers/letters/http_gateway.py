"""What the gateways of mail providers have in common: a letter goes out as one HTTP request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from crm.messages.channels.base import Channel
from crm.messages.channels.email import EMAIL
from crm.providers import answers, http
from crm.providers.base import Answer, Call, Found, Meaning, Outcome, Question, Sender, letter_reference, test_reference
from crm.providers.letters.message import NO_ADDRESS, NOT_ASCII
from crm.values.language import N_
from crm.values.stored import stored

NO_ACCOUNT = stored(N_("%(provider)s needs its keys. An owner can enter them in Settings › Messaging."))


class Request(NamedTuple):
    url: str
    headers: Mapping[str, str]
    body: bytes


class Refusal(NamedTuple):
    """What a provider said: its code, or else the HTTP status, and its sentence."""

    code: int | None
    said: str


class HttpGateway:
    """A mail provider; the subclasses say how it is asked, and what its answers mean."""

    name = ""
    label = ""
    by_hand = False
    reports = True
    keeps_window = False
    max_calls = 16
    codes: Mapping[int, Meaning] = {}
    dead: frozenset[int] = frozenset()
    """Codes of addresses at which nothing will ever arrive."""

    def carries(self, channel: Channel) -> bool:
        return channel is EMAIL

    def lacks(self, sender: Sender, channel: Channel) -> str:
        if not self.has_keys(sender):
            return NO_ACCOUNT.english(provider=self.label)
        return "" if sender.number else NO_ADDRESS

    def send(self, call: Call) -> Outcome:
        lacking = self.lacks(call.sender, call.channel)
        if lacking:
            return answers.not_set_up(lacking)
        try:
            request = self.request(call)
        except ValueError:
            return Outcome(Answer.PERMANENT, code="address", sentence=NOT_ASCII)
        try:
            reply = http.request("POST", request.url, request.headers, request.body)
        except (http.NoConnectionError, http.LostError) as error:
            return answers.failed(self.label, error)
        return self._outcome(reply)

    def look_up(self, question: Question) -> Found | None:
        return None

    def has_keys(self, sender: Sender) -> bool:
        return bool(sender.token)

    def request(self, call: Call) -> Request:
        """Build the request; ValueError for an address that can't stand in a header."""
        raise NotImplementedError

    def accepted_id(self, reply: http.Reply) -> str:
        """Return the provider's id of an accepted letter; ValueError or LookupError where there is none."""
        raise NotImplementedError

    def refusal(self, reply: http.Reply) -> Refusal:
        raise NotImplementedError

    def _outcome(self, reply: http.Reply) -> Outcome:
        if 200 <= reply.status < 300:
            try:
                return Outcome(Answer.ACCEPTED, provider_id=_word(self.accepted_id(reply))[:100])
            except (ValueError, LookupError, TypeError):
                return answers.unreadable(self.label)
        try:
            refusal = self.refusal(reply)
        except (ValueError, LookupError, TypeError, AttributeError):
            refusal = Refusal(None, "")
        outcome = answers.refused(self.label, reply, refusal.code, refusal.said, self.codes)
        return replace(outcome, is_dead=outcome.answer is Answer.PERMANENT and refusal.code in self.dead)


def reference(call: Call) -> str:
    """Return what a provider's reports name the attempt by."""
    if call.letter_id:
        return letter_reference(call.letter_id)
    return str(call.attempt_id) if call.attempt_id else test_reference(call.test_id)


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("no id")
    return value
