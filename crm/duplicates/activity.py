"""Activity texts for merged, unmerged and separate customers."""

from __future__ import annotations

from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.duplicates.reports import sentence
from crm.duplicates.rules import FIELDS, listed
from crm.values.language import gettext as _


def _merged(event: ActivityEvent) -> Activity:
    taken = [field.label for field in FIELDS if field.column in event.changes]
    return Activity(
        _("Merged with %(name)s", name=event.after("with")),
        [_("Taken over: %(fields)s", fields=listed(taken))] if taken else [],
    )


def _unmerged(event: ActivityEvent) -> Activity:
    return Activity(
        _("Merge with %(name)s undone", name=event.before("from")), list(map(sentence, event.after("said") or []))
    )


def _separate(event: ActivityEvent) -> Activity:
    return Activity(_("Not the same person as %(name)s", name=event.after("from")))


ACTIVITY: dict[str, ActivityText | str] = {
    "customer.merged": _merged,
    "customer.parted": _unmerged,
    "duplicate.separate": _separate,
}
