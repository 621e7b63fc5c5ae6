"""Convert a receipt in a process of its own, so that no file can hurt the worker."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crm.invoices import rules
from crm.values.text import clean_line

CHILD = Path(__file__).with_name("convert_process.py")
SECONDS = 250
"""Longer than the child gives itself, for a child that can't end itself any more."""
PULSE = 15
MAX_ANSWER = 4_000
# The child gets no other variable: it has no use for secrets.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "TMPDIR", "LANG", "LC_ALL")
LOCKS = ("landlock", "seccomp")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What became of a file: `pages` in the PDF and what it lacks, or 0 and the `reason`; sentences for people."""

    pages: int
    reason: str = ""
    notice: str = ""


def convert(source: Path, target: Path, go_on: Callable[[], bool] = lambda: True) -> Result:
    """Write the receipt `source` (PDF, JPEG or PNG) as a safe PDF to `target`; nothing is there when it failed.

    Takes 25 seconds of the processor, 4 minutes and 400 MB at most. Never raises for what a file does: every end
    becomes a Result. Asks `go_on` every few seconds, and ends the conversion when that is False or raises.
    """
    try:
        # Files have the size that the child limits itself to; a pipe would have to be read to its end.
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
            code = _run([str(source.absolute()), str(target.absolute())], said, complained, go_on)
            result = _result(code, _start_of(said), _start_of(complained))
    except OSError:
        log.exception("conversion not started")
        result = Result(0, rules.INTERRUPTED)
    if not result.pages:
        target.unlink(missing_ok=True)
    return result


def missing_locks() -> list[str]:
    """Return the locks of `isolation.py` that don't hold here, as a child finds out."""
    try:
        with tempfile.TemporaryFile() as said:
            _run([], said, said, lambda: True)
            held = json.loads(_start_of(said))["isolation"]
    except (OSError, ValueError, KeyError, TypeError):
        held = []
    return [lock for lock in LOCKS if lock not in held]


def _run(arguments: list[str], said: IO[bytes], complained: IO[bytes], go_on: Callable[[], bool]) -> int | None:
    """Run the child and return its exit code, or None when it took too long."""
    child = subprocess.Popen(
        [sys.executable, "-P", str(CHILD), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=complained,
        env={name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"MALLOC_ARENA_MAX": "1"},
        # A session of its own, or Ctrl-C in the terminal would end the child and look like a damaged file.
        start_new_session=True,
    )
    end = time.monotonic() + SECONDS
    try:
        while (left := end - time.monotonic()) > 0:
            try:
                return child.wait(min(left, PULSE))
            except subprocess.TimeoutExpired:
                if not go_on():
                    return -signal.SIGKILL
        return None
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def _result(code: int | None, said: bytes, complained: bytes) -> Result:
    if code is None:
        return Result(0, rules.TOO_COMPLEX)
    if code == 0 and (result := _answered(said)):
        return result
    log.warning("conversion ended with %s: %s", code, complained.decode(errors="replace"))
    if -code in (signal.SIGXCPU, signal.SIGALRM):
        return Result(0, rules.TOO_COMPLEX)
    if -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        return Result(0, rules.INTERRUPTED)
    return Result(0, rules.UNREADABLE)


def _answered(said: bytes) -> Result | None:
    """Return what the child answered; None for what is no answer, for a stranger's file may have made it."""
    try:
        answer = json.loads(said)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    pages, reason, notice = answer.get("pages", 0), answer.get("reason", ""), answer.get("notice", "")
    if not isinstance(pages, int) or not 0 <= pages <= rules.MAX_PAGES:
        return None
    reason, notice = (clean_line(text) if isinstance(text, str) else "" for text in (reason, notice))
    return Result(pages, reason, notice) if pages or reason else None


def _start_of(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(MAX_ANSWER)
