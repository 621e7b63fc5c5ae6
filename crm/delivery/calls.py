"""The calls of gateways that are under way: made in threads that are kept, with no transaction open."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from crm.kernel.fail_points import reach
from crm.providers.base import Answer, Call, Outcome
from crm.providers.http import CONNECT, READ
from crm.providers.registry import gateway_named

MAX_CALLS = 64
"""The most calls for one organization that are under way at once, and the most rows `submitting`."""

MAX_SERVED = 5
"""The most organizations that are served at once: by the tickers, and by a job of the queue."""

LINGER = 0.01
"""How many seconds an answer waits for others, to be written with them."""

LONGEST_CALL = CONNECT + READ + 2
"""A call that takes more seconds than this hangs: nobody waits for its answer any more."""

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
        """How many calls may begin, worth a transaction: 0 until half of them may."""
        free = self._most - len(self._pending)
        return free if 2 * free >= self._most else 0

    def begin(self, calls: Sequence[Call], until: float) -> None:
        """Make calls, those that can begin before `until` of `uptime()`: then their lease is over."""
        self._pending.update({_threads.submit(_call, call, until): call for call in calls})

    def answered(self, end: float) -> list[tuple[Call, Outcome]]:
        """Wait for answers until `end` of `uptime()`, and return them."""
        done, _ = wait(self._pending, LINGER)
        if not done:
            done, _ = wait(self._pending, max(end - uptime(), 10 * LINGER), return_when=FIRST_COMPLETED)
        return [(self._pending.pop(future), future.result()) for future in done]

    def let_go(self) -> list[tuple[Call, Outcome]]:
        """Wait no longer: return what is answered or was never begun, and leave the rest to its lease."""
        left = {future: call for future, call in self._pending.items() if not future.cancel()}
        unsent = [(call, _HELD_UP) for future, call in self._pending.items() if future not in left]
        self._pending.clear()
        return unsent + [(call, future.result()) for future, call in left.items() if future.done()]


def uptime() -> float:
    """Return the seconds since some moment, by a clock that goes on while this process or the machine sleeps."""
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
        return Outcome(Answer.UNKNOWN, sentence="The gateway failed.")


_HELD_UP = Outcome(Answer.NO_CONNECTION, sentence="The worker was held up, and nothing was sent.")
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_threads = ThreadPoolExecutor(MAX_SERVED * MAX_CALLS, thread_name_prefix="call")
