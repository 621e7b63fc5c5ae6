"""Running calls of gateways, in kept threads, without a transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from crm.kernel.fail_points import reach
from crm.providers.base import GATEWAY_FAILED, Answer, Call, Outcome
from crm.providers.http import CONNECT, READ
from crm.providers.registry import gateway_named
from crm.values.language import N_

MAX_CALLS = 64
"""Running calls per organization, and rows in `submitting`."""

MAX_SERVED = 5
"""Organizations served at once, by tickers and by queue jobs."""

LINGER = 0.01
"""Seconds that an answer waits for others, to be written together."""

LONGEST_CALL = CONNECT + READ + 2
"""Seconds after which a call counts as hung."""

log = logging.getLogger(__name__)


class Calls:
    """The calls of one batch, `most` at a time."""

    def __init__(self, most: int) -> None:
        self._most = min(most, MAX_CALLS)
        self._pending: dict[Future[Outcome], Call] = {}

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def room(self) -> int:
        """Return how many calls may start; 0 until half of them may, to save transactions."""
        free = self._most - len(self._pending)
        return free if 2 * free >= self._most else 0

    def begin(self, calls: Sequence[Call], until: float) -> None:
        """Start calls that can begin before `until`, in `uptime()`."""
        self._pending.update({_threads.submit(_call, call, until): call for call in calls})

    def answered(self, end: float) -> list[tuple[Call, Outcome]]:
        """Wait for answers until `end`, in `uptime()`."""
        done, _ = wait(self._pending, LINGER)
        if not done:
            done, _ = wait(self._pending, max(end - uptime(), 10 * LINGER), return_when=FIRST_COMPLETED)
        return [(self._pending.pop(future), future.result()) for future in done]

    def let_go(self) -> list[tuple[Call, Outcome]]:
        """Return answered calls and those never started; the lease handles the rest."""
        left = {future: call for future, call in self._pending.items() if not future.cancel()}
        unsent = [(call, _HELD_UP) for future, call in self._pending.items() if future not in left]
        self._pending.clear()
        return unsent + [(call, future.result()) for future, call in left.items() if future.done()]


def uptime() -> float:
    """Return seconds by a clock that also runs while the machine sleeps."""
    return time.clock_gettime(_CLOCK)


def _call(call: Call, until: float) -> Outcome:
    if uptime() > until:
        return _HELD_UP
    try:
        outcome = gateway_named(call.gateway).send(call)
        reach("answered")
        return outcome
    except Exception:
        log.exception("message %d, attempt %d: the gateway failed", call.message_id, call.attempt_id)
        return Outcome(Answer.UNKNOWN, sentence=GATEWAY_FAILED)


_HELD_UP = Outcome(Answer.NO_CONNECTION, sentence=N_("The worker was held up, so nothing was sent."))
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_threads = ThreadPoolExecutor(MAX_SERVED * MAX_CALLS, thread_name_prefix="call")
