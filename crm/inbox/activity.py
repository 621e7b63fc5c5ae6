"""Activity texts for incoming messages."""

from __future__ import annotations

from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.values.language import N_


def _plainly(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        return Activity(str(words))

    return activity


ACTIVITY: dict[str, ActivityText | str] = {
    "inbound.done": _plainly(N_("Text marked as done")),
    "inbound.undone": _plainly(N_("Text marked as unread")),
    "inbound.opt_out": _plainly(N_("Text taken as STOP")),
    "inbound.go_on": _plainly(N_("Text not taken as STOP")),
}
