"""Child processes that end with the process that started them."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterable

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36

# Loaded here: between fork and exec, where the functions run, loading a library can hang.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """As a `preexec_fn`, have Linux send TERM when the parent dies: kill -9 of the parent leaves no process."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def keep_secrets() -> None:
    """Hide memory and environment from the user's other processes.

    Each program that this one starts must call it too.
    """
    if _LIBC:
        _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Have Linux reparent orphaned grandchildren to this process, so that it can end them."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end(processes: Iterable[psutil.Process], timeout: float) -> None:
    leaders = list(processes)
    family = {*leaders, *_descendants(leaders)}
    _signal(leaders, signal.SIGTERM)
    psutil.wait_procs(leaders, timeout=timeout)
    family |= _descendants(leaders)
    _signal(family, signal.SIGKILL)
    psutil.wait_procs(leaders, timeout=2)


def _descendants(processes: Iterable[psutil.Process]) -> set[psutil.Process]:
    found: set[psutil.Process] = set()
    for process in processes:
        try:
            found.update(process.children(recursive=True))
        except psutil.NoSuchProcess:
            continue
    return found


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
