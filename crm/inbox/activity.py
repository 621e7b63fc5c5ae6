"""Activity texts for incoming messages."""

from __future__ import annotations

from crm.customers.timeline import Activity, ActivityEvent, ActivityText


def _plainly(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        return Activity(words)

    return activity


ACTIVITY: dict[str, ActivityText | str] = {
    "inbound.done": _plainly("Their text was marked as done"),
    "inbound.undone": _plainly("Their text is unread again"),
    "inbound.opt_out": _plainly("Their text was taken for STOP"),
    "inbound.go_on": _plainly("Their text was not taken for STOP"),
}
