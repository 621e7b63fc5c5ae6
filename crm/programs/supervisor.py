"""Restart child processes that end by themselves, up to a limit."""

from __future__ import annotations

import subprocess
import time
from collections import deque
from collections.abc import Callable

import click

MAX_ENDS = 5
"""Ends within WINDOW seconds after which a process is given up."""

WINDOW = 60
FIRST_DELAYS = (0, 1, 2, 4)
"""Seconds before each restart within WINDOW."""


class Restarts:
    def __init__(self) -> None:
        self._ends: deque[float] = deque()

    def delay_after_end(self, now: float) -> int | None:
        self._ends.append(now)
        while self._ends[0] <= now - WINDOW:
            self._ends.popleft()
        return None if len(self._ends) >= MAX_ENDS else FIRST_DELAYS[len(self._ends) - 1]


class Supervised:
    def __init__(self, name: str, process: subprocess.Popen[bytes], start: Callable[[], subprocess.Popen[bytes]]):
        self.name, self.process = name, process
        self._start = start
        self._restarts = Restarts()
        self._starts_at: float | None = None

    @property
    def ended(self) -> str | None:
        if self.process.poll() is None:
            return None
        return f"The {self.name} process ended by itself ({_how(self.process.returncode)})"

    def watch(self) -> bool:
        """Restart the process if it ended and its delay is over; False to give up."""
        sentence = self.ended
        if sentence is None:
            return True
        if self._starts_at is None:
            delay = self._restarts.delay_after_end(time.monotonic())
            if delay is None:
                click.echo(f"{sentence}, {MAX_ENDS} times within {WINDOW} s; ending the rest.", err=True)
                return False
            when = f"in {delay} s" if delay else "now"
            click.echo(f"{sentence}; it is started again {when}.", err=True)
            self._starts_at = time.monotonic() + delay
        if time.monotonic() >= self._starts_at:
            self._starts_at = None
            self.process = self._start()
        return True


def _how(code: int) -> str:
    if code == -9:
        return "killed; the system does so when memory runs out"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
