"""Activity texts for merged, unmerged and separate customers."""

from __future__ import annotations

from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.duplicates.rules import FIELDS, listed


def _merged(event: ActivityEvent) -> Activity:
    taken = [field.label for field in FIELDS if field.column in event.changes]
    return Activity(f"Merged with {event.after('with')}", [f"Taken over: {listed(taken)}"] if taken else [])


def _unmerged(event: ActivityEvent) -> Activity:
    return Activity(f"Merge with {event.before('from')} undone", event.after("said") or [])


def _separate(event: ActivityEvent) -> Activity:
    return Activity(f"Not the same person as {event.after('from')}")


ACTIVITY: dict[str, ActivityText | str] = {
    "customer.merged": _merged,
    "customer.parted": _unmerged,
    "duplicate.separate": _separate,
}
