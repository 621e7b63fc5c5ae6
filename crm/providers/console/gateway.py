"""The gateway for demonstration and tests: nothing leaves the machine.

What it accepted is logged and shown on a page; the log has numbers and texts at the level DEBUG alone. In an
installation with MESSAGE_CONSOLE_ORDERS words in square brackets in a text make it behave as a provider may:
`[no_connection]`, `[rate_limited 60]` (seconds), `[permanent]`, `[opted_out]`, `[refused_sender]`, `[unknown]`, and
`[delay 2]` for an answer that takes its time, up to the time limit of a provider's answer. The setting is for tests:
anybody who writes a message, or a customer's name, could hold up the worker by such a word. The stored attempt is the
only record: a call is made once for each.
"""

from __future__ import annotations

import logging
import re
import time

from crm.messages.channels.base import Channel
from crm.providers.base import Answer, Call, Found, Outcome, Question, Sender
from crm.providers.http import READ
from crm.values.language import N_

log = logging.getLogger(__name__)

_ORDERS = re.compile(r"\[(delay|" + "|".join(answer.value for answer in Answer) + r")(?: (\d{1,4}(?:\.\d{1,3})?))?\]")

_SENTENCES = {
    Answer.NO_CONNECTION: N_("The gateway could not be reached."),
    Answer.RATE_LIMITED: N_("The gateway asked to slow down."),
    Answer.DEFERRED: N_("The gateway asked to try later."),
    Answer.PERMANENT: N_("The number can't get this message."),
    Answer.OPTED_OUT: N_("The customer has opted out."),
    Answer.REFUSED_SENDER: N_("The gateway refused the account."),
    Answer.UNKNOWN: N_("The gateway gave no answer."),
}


class Console:
    name = "console"
    by_hand = False
    reports = False
    keeps_window = False
    max_calls = 64

    def carries(self, channel: Channel) -> bool:
        return True

    def lacks(self, sender: Sender, channel: Channel) -> str:
        return ""

    def send(self, call: Call) -> Outcome:
        orders = _orders(call.body) if call.sender.takes_orders else {}
        if pause := orders.pop("delay", 0):
            time.sleep(min(pause, READ))
        if orders:
            word, number = next(iter(orders.items()))
            answer = Answer(word)
            if answer is not Answer.ACCEPTED:
                return Outcome(answer, code=word, sentence=_SENTENCES[answer], retry_after=number)
        log.info("console: %s, attempt %d", call.channel.label, call.attempt_id)
        log.debug("console: attempt %d to %s: %s", call.attempt_id, call.to, call.body)
        return Outcome(Answer.ACCEPTED, provider_id=f"console-{call.attempt_id}")

    def look_up(self, question: Question) -> Found | None:
        return None


def _orders(text: str) -> dict[str, float]:
    return {word: float(number or 0) for word, number in _ORDERS.findall(text)}
