"""Outcomes of calls: by the provider's code, or else by the HTTP status."""

from __future__ import annotations

from collections.abc import Mapping

from crm.providers.base import Answer, Meaning, Outcome
from crm.providers.http import LostError, NoConnectionError, Reply
from crm.values.language import N_
from crm.values.stored import stored

TROUBLE = stored(N_("%(provider)s had trouble (HTTP %(status)s) and did not say whether it accepted the message."))
SLOW_DOWN = stored(N_("%(provider)s asked to slow down."))
REFUSED_ACCOUNT = stored(N_("%(provider)s refused the account."))
UNREADABLE_STATUS = stored(N_("%(provider)s gave an answer that can't be read (HTTP %(status)s)."))
UNREADABLE = stored(N_("%(provider)s gave an answer that can't be read."))
REFUSED = stored(N_("%(provider)s rejected it: %(said)s"))
UNREACHED = stored(N_("%(provider)s could not be reached, so nothing was sent."))
NO_ANSWER = stored(N_("%(provider)s did not answer."))

SENDER_STATUS = frozenset({401, 402, 403})
UNCLEAR_STATUS = frozenset({408})


def refused(provider: str, reply: Reply, code: int | None, said: str, codes: Mapping[int, Meaning]) -> Outcome:
    """Return the outcome of a refusal; `said` is the provider's sentence.

    From status 500 on the message may have been accepted before the failure, whatever the code.
    """
    found = _meaning(provider, reply, code, said, codes)
    name = str(code) if code is not None else f"HTTP {reply.status}"
    pause = reply.retry_after() if found.answer is Answer.RATE_LIMITED else 0
    return Outcome(found.answer, code=name, sentence=found.sentence, retry_after=pause)


def unreadable(provider: str) -> Outcome:
    return Outcome(Answer.UNKNOWN, code="unreadable", sentence=UNREADABLE.english(provider=provider))


def failed(provider: str, error: NoConnectionError | LostError) -> Outcome:
    if isinstance(error, NoConnectionError):
        sentence = UNREACHED.english(provider=provider)
        return Outcome(Answer.NO_CONNECTION, code="no_connection", sentence=sentence)
    return Outcome(Answer.UNKNOWN, code="no_answer", sentence=NO_ANSWER.english(provider=provider))


def not_set_up(sentence: str) -> Outcome:
    return Outcome(Answer.REFUSED_SENDER, code="not_set_up", sentence=sentence)


def _meaning(provider: str, reply: Reply, code: int | None, said: str, codes: Mapping[int, Meaning]) -> Meaning:
    status = reply.status
    if status >= 500 or status < 400 or status in UNCLEAR_STATUS:
        return Meaning(Answer.UNKNOWN, TROUBLE.english(provider=provider, status=status))
    if status == 429:
        return Meaning(Answer.RATE_LIMITED, SLOW_DOWN.english(provider=provider))
    if code is not None and code in codes:
        return codes[code]
    if status in SENDER_STATUS:
        return Meaning(Answer.REFUSED_SENDER, REFUSED_ACCOUNT.english(provider=provider))
    if code is None:
        return Meaning(Answer.UNKNOWN, UNREADABLE_STATUS.english(provider=provider, status=status))
    return Meaning(Answer.PERMANENT, REFUSED.english(provider=provider, said=_sentence(said)))


def _sentence(said: str) -> str:
    text = " ".join(said.split())[:200] or "no reason was given"
    return text if text.endswith((".", "!", "?")) else f"{text}."
