"""What a provider's word and code mean: a status of ours, and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass

from crm.messages.rules import Status
from crm.messages.status_order import GOOD
from crm.messages.suppression_models import Purpose
from crm.providers.base import Answer, Closing
from crm.providers.registry import provider_named


@dataclass(frozen=True, slots=True)
class ReportMeaning:
    """What a report says in our words; `refused` when the provider refuses the account, and not this message alone.

    closing: what the address is taken out of. is_for_now: whether it is sent again later.
    """

    status: Status
    reason: str = ""
    opted_out: Purpose | None = None
    refused: bool = False
    closing: Closing | None = None
    is_for_now: bool = False


def in_our_words(gateway: str, word: str, error_code: str | None) -> ReportMeaning | None:
    """Return what a gateway's provider says in our words; None for a word that says nothing new."""
    known = provider_named(gateway).reports
    status = known.statuses.get(word) if known else None
    if known is None or status is None:
        return None
    closing, sentence = known.closes.get(word), known.sentences.get(word, "")
    if status in GOOD or sentence:
        return ReportMeaning(status, "" if status in GOOD else sentence, closing=closing)
    code = int(error_code) if error_code and error_code.isdecimal() else None
    found = known.codes.get(code) if code is not None else None
    if found is not None and found.answer is Answer.OPTED_OUT:
        return ReportMeaning(Status.SUPPRESSED, found.sentence, opted_out=found.purpose)
    if found is not None and found.answer is Answer.REFUSED_SENDER:
        return ReportMeaning(status, found.sentence, refused=True)
    return ReportMeaning(status, known.explain(code), is_for_now=found is not None and bool(found.again))
