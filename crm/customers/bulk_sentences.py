"""Sentences about a bulk change."""

from __future__ import annotations

from typing import NamedTuple

from crm.customers.bulk_models import BulkChange
from crm.kernel.work.models import JobState


class BulkSentences(NamedTuple):
    title: str
    progress: str
    result: str


def bulk_sentences_of(change: BulkChange) -> BulkSentences:
    title = "Activate customers" if change.activates else "Deactivate customers"
    of = f" of {change.total:,}" if change.total else ""
    if change.state == JobState.UNDOING:
        progress = f"Putting back: {change.looked:,}{of} looked at, {change.put_back:,} put back so far."
    else:
        progress = f"{change.looked:,}{of} looked at, {change.changed:,} {_done(change)} so far."
    return BulkSentences(title, progress, _put_back(change) if change.undone_at else _changed(change))


def _changed(change: BulkChange) -> str:
    sentence = f"{_customers(change.changed)} {_done(change)}."
    if change.left_out:
        were = "was" if change.left_out == 1 else "were"
        sentence += (
            f" {_customers(change.left_out)} {were} added or changed after you opened the list,"
            f" and {were} left as before."
        )
    return sentence


def _put_back(change: BulkChange) -> str:
    sentence = f"{_customers(change.put_back)} put back."
    kept = change.changed - change.put_back
    return sentence + (f" {_customers(kept)} changed again since, and stayed so." if kept else "")


def _done(change: BulkChange) -> str:
    return "activated" if change.activates else "deactivated"


def _customers(number: int) -> str:
    return f"{number:,} {'customer' if number == 1 else 'customers'}"
