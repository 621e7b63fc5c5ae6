"""What a process that reads a stranger's file gives itself, before it looks at the file."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

MEMORY = 400 * 1024 * 1024
OPEN_FILES = 32


def set_limits(cpu_seconds: int, timeout_seconds: int, output: int) -> None:
    """Limit this process for good; `timeout_seconds` is by the clock on the wall, `output` the size of its files."""
    signal.alarm(timeout_seconds)
    # The soft limit sends SIGXCPU, the hard one kills a second later.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output, output))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    if sys.platform == "linux":
        # PR_SET_PDEATHSIG: end with the worker, because nobody else reads the answer.
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        # Other systems don't enforce this one.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # Requests for pages go first.
    os.nice(10)
