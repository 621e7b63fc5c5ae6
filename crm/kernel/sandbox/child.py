"""Start a program that limits and isolates itself, and wait for its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

POLL_SECONDS = 15
MAX_ANSWER = 4_000
# The process gets no other variables, so no secrets.
PASSED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "TMPDIR", "LANG", "LC_ALL")
ENDED_BY_TIME = (signal.SIGXCPU, signal.SIGALRM)
ENDED_BY_US = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def run(
    program: Path,
    arguments: Sequence[str],
    stdout: IO[bytes],
    stderr: IO[bytes],
    *,
    timeout_seconds: float,
    keep_going: Callable[[], bool] = lambda: True,
) -> int | None:
    """Return the program's exit status, a negative signal, or None after `timeout_seconds`.

    Its answers are files, because the process limits their size; a pipe would have to be read to its end. Asks
    `keep_going` every few seconds, and ends the process when that is False or raises. Raises OSError.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", str(program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env={name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ} | {"MALLOC_ARENA_MAX": "1"},
        # A new session, or Ctrl-C in the terminal would end the process and look like a damaged file.
        start_new_session=True,
    )
    end = time.monotonic() + timeout_seconds
    try:
        while (left := end - time.monotonic()) > 0:
            try:
                return process.wait(min(left, POLL_SECONDS))
            except subprocess.TimeoutExpired:
                if not keep_going():
                    return -signal.SIGKILL
        return None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def start_of(file: IO[bytes]) -> bytes:
    """Return what a malicious file may have written, to a bound."""
    file.seek(0)
    return file.read(MAX_ANSWER)
