"""Sending by hand: the default, without a provider."""

from __future__ import annotations

from crm.messages.channels.base import Channel
from crm.providers.base import Call, Found, Outcome, Question, Sender


class Manual:
    """Due messages become reminders, which staff send from their phones."""

    name = "manual"
    by_hand = True
    reports = False
    keeps_window = False
    max_calls = 64

    def carries(self, channel: Channel) -> bool:
        return True

    def lacks(self, sender: Sender, channel: Channel) -> str:
        return ""

    def send(self, call: Call) -> Outcome:
        raise NotImplementedError(f"message {call.message_id} is to be sent by hand")

    def look_up(self, question: Question) -> Found | None:
        return None
