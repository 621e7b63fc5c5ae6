"""The words for what happens to a customer's texts."""

from __future__ import annotations

from crm.customers import timeline
from crm.customers.timeline import Happened, Told, Words


def _plainly(words: str) -> Words:
    def told(happened: Happened) -> Told:
        return Told(words)

    return told


timeline.register("inbound.done", _plainly("Their text was marked as done"))
timeline.register("inbound.undone", _plainly("Their text is unread again"))
timeline.register("inbound.opt_out", _plainly("Their text was taken for STOP"))
timeline.register("inbound.go_on", _plainly("Their text was not taken for STOP"))
