"""The words for what happens to a customer's texts."""

from __future__ import annotations

from crm.customers.timeline import Happened, Told, Words


def _plainly(words: str) -> Words:
    def told(happened: Happened) -> Told:
        return Told(words)

    return told


WORDS: dict[str, Words | str] = {
    "inbound.done": _plainly("Their text was marked as done"),
    "inbound.undone": _plainly("Their text is unread again"),
    "inbound.opt_out": _plainly("Their text was taken for STOP"),
    "inbound.go_on": _plainly("Their text was not taken for STOP"),
}
"""How each event is told."""
