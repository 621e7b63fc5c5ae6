"""The words for customers who were merged, taken apart, or found to be two people."""

from __future__ import annotations

from crm.customers.timeline import Happened, Told, Words
from crm.duplicates.rules import FIELDS, listed


def _merged(happened: Happened) -> Told:
    taken = [field.label for field in FIELDS if field.column in happened.changes]
    return Told(f"Merged with {happened.after('with')}", [f"Taken over: {listed(taken)}"] if taken else [])


def _parted(happened: Happened) -> Told:
    return Told(f"Merge with {happened.before('from')} undone", happened.after("said") or [])


def _separate(happened: Happened) -> Told:
    return Told(f"Not the same person as {happened.after('from')}")


WORDS: dict[str, Words | str] = {
    "customer.merged": _merged,
    "customer.parted": _parted,
    "duplicate.separate": _separate,
}
"""How each event is told."""
