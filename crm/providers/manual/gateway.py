"""Sending by hand: the default of a new organization, which needs no provider and costs nothing."""

from __future__ import annotations

from crm.messages.channels.base import Channel
from crm.providers.base import Call, Found, Outcome, Question, Sender


class Manual:
    """A due message becomes a reminder; staff send it from their own phone and mark it as done."""

    name = "manual"
    by_hand = True
    reports = False
    keeps_window = False
    max_calls = 64

    def carries(self, channel: Channel) -> bool:
        """Take every channel."""
        return True

    def lacks(self, sender: Sender, channel: Channel) -> str:
        """Need nothing."""
        return ""

    def send(self, call: Call) -> Outcome:
        """Refuse: nothing calls this gateway."""
        raise NotImplementedError(f"message {call.message_id} is to be sent by hand")

    def look_up(self, question: Question) -> Found | None:
        """Know nothing."""
        return None
