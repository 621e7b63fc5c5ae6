"""Outcomes of calls: by the provider's code, or else by the HTTP status."""

from __future__ import annotations

from collections.abc import Mapping

from crm.providers.base import Answer, Meaning, Outcome
from crm.providers.http import LostError, NoConnectionError, Reply

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
    return Outcome(Answer.UNKNOWN, code="unreadable", sentence=f"{provider} gave an answer that can't be read.")


def failed(provider: str, error: NoConnectionError | LostError) -> Outcome:
    if isinstance(error, NoConnectionError):
        sentence = f"{provider} could not be reached, so nothing was sent."
        return Outcome(Answer.NO_CONNECTION, code="no_connection", sentence=sentence)
    return Outcome(Answer.UNKNOWN, code="no_answer", sentence=f"{provider} did not answer.")


def not_set_up(sentence: str) -> Outcome:
    return Outcome(Answer.REFUSED_SENDER, code="not_set_up", sentence=sentence)


def _meaning(provider: str, reply: Reply, code: int | None, said: str, codes: Mapping[int, Meaning]) -> Meaning:
    status = reply.status
    if status >= 500 or status < 400 or status in UNCLEAR_STATUS:
        return Meaning(
            Answer.UNKNOWN, f"{provider} had trouble (HTTP {status}) and did not say if it took the message."
        )
    if status == 429:
        return Meaning(Answer.RATE_LIMITED, f"{provider} asked to slow down.")
    if code is not None and code in codes:
        return codes[code]
    if status in SENDER_STATUS:
        return Meaning(Answer.REFUSED_SENDER, f"{provider} refused the account.")
    if code is None:
        return Meaning(Answer.UNKNOWN, f"{provider} gave an answer that can't be read (HTTP {status}).")
    return Meaning(Answer.PERMANENT, f"{provider} refused it: {_sentence(said)}")


def _sentence(said: str) -> str:
    text = " ".join(said.split())[:200] or "no reason was given"
    return text if text.endswith((".", "!", "?")) else f"{text}."
