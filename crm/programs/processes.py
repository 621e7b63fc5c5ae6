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

# Loaded here and not in the function, which runs between fork and exec, where loading a library can hang.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Have Linux send TERM to this process when its parent dies; a `preexec_fn`, so that kill -9 leaves nothing."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def keep_secrets() -> None:
    """Have Linux keep what is in this process, its environment too, from other processes of the same user.

    It leaves no core dump either, and no debugger gets in but root's. A program that it starts has to say so itself.
    """
    if _LIBC:
        _LIBC.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Have Linux make grandchildren whose parent died children of this process, so that it can end them."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end(processes: Iterable[psutil.Process], timeout: float) -> None:
    """Send TERM to `processes`, wait up to `timeout` seconds, and kill what is left of them and their children."""
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
