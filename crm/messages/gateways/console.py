"""The gateway for demonstration and tests: nothing leaves the machine.

What it accepted is logged and shown on a page. Words in square brackets in a text make it behave as a provider may:
`[no_connection]`, `[rate_limited 60]` (seconds), `[permanent]`, `[opted_out]`, `[refused_sender]`, `[unknown]`, and
`[delay 2]` for an answer that takes its time. The stored attempt is the only record: a call is made once for each.
"""

from __future__ import annotations

import logging
import re
import time

from crm.messages.gateways.base import Answer, Call, Found, Outcome, Question, Sender
from crm.messages.rules import Channel

log = logging.getLogger(__name__)

_ORDERS = re.compile(r"\[(delay|" + "|".join(answer.value for answer in Answer) + r")(?: (\d{1,4}(?:\.\d{1,3})?))?\]")

_SENTENCES = {
    Answer.NO_CONNECTION: "The gateway could not be reached.",
    Answer.RATE_LIMITED: "The gateway asked to slow down.",
    Answer.PERMANENT: "The number can't get this message.",
    Answer.OPTED_OUT: "The customer has opted out.",
    Answer.REFUSED_SENDER: "The gateway refused the account.",
    Answer.UNKNOWN: "The gateway gave no answer.",
}


class Console:
    """Accepts everything, unless the text says otherwise."""

    name = "console"
    by_hand = False
    reports = False
    channels = frozenset(Channel)
    at_once = 64

    def lacks(self, sender: Sender, channel: Channel) -> str:
        """Need nothing."""
        return ""

    def send(self, call: Call) -> Outcome:
        """Log the message, or behave as its text orders."""
        orders = {word: float(number or 0) for word, number in _ORDERS.findall(call.body)}
        time.sleep(min(orders.pop("delay", 0), 3_600))
        if orders:
            word, number = next(iter(orders.items()))
            answer = Answer(word)
            if answer is not Answer.ACCEPTED:
                return Outcome(answer, code=word, sentence=_SENTENCES[answer], retry_after=number)
        log.info("console: %s to %s, attempt %d: %s", call.channel.label, call.to, call.attempt_id, call.body)
        return Outcome(Answer.ACCEPTED, provider_id=f"console-{call.attempt_id}")

    def look_up(self, question: Question) -> Found | None:
        """Know nothing: what was lost stays unknown, as at a provider that can't be asked."""
        return None
