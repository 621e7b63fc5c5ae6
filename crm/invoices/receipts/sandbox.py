"""Convert a receipt in a separate process, so that no file can hurt the worker."""

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

CONVERT_PROCESS = Path(__file__).with_name("convert_process.py")
TIMEOUT_SECONDS = 250
"""Longer than the process gives itself, for one that can't end itself."""
POLL_SECONDS = 15
MAX_ANSWER = 4_000
# The process gets no other variables, so no secrets.
PASSED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "TMPDIR", "LANG", "LC_ALL")
LOCKS = ("landlock", "seccomp")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """`pages` and a `notice`, or 0 and the `reason`; sentences for people."""

    pages: int
    reason: str = ""
    notice: str = ""


def convert(source: Path, target: Path, keep_going: Callable[[], bool] = lambda: True) -> Result:
    """Write `source` (PDF, JPEG or PNG) as a safe PDF to `target`, which is absent on failure.

    Takes at most 25 s of CPU, 4 minutes and 400 MB. Every failure of the file is a Result, never an exception. Asks
    `keep_going` every few seconds, and ends the conversion when that is False or raises.
    """
    try:
        # Files, because the process limits their size; a pipe would have to be read to its end.
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            code = _run([str(source.absolute()), str(target.absolute())], stdout, stderr, keep_going)
            result = _result(code, _start_of(stdout), _start_of(stderr))
    except OSError:
        log.exception("conversion not started")
        result = Result(0, rules.INTERRUPTED)
    if not result.pages:
        target.unlink(missing_ok=True)
    return result


def missing_locks() -> list[str]:
    try:
        with tempfile.TemporaryFile() as stdout:
            _run([], stdout, stdout, lambda: True)
            held = json.loads(_start_of(stdout))["isolation"]
    except (OSError, ValueError, KeyError, TypeError):
        held = []
    return [lock for lock in LOCKS if lock not in held]


def _run(arguments: list[str], stdout: IO[bytes], stderr: IO[bytes], keep_going: Callable[[], bool]) -> int | None:
    process = subprocess.Popen(
        [sys.executable, "-P", str(CONVERT_PROCESS), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env={name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ} | {"MALLOC_ARENA_MAX": "1"},
        # A new session, or Ctrl-C in the terminal would end the process and look like a damaged file.
        start_new_session=True,
    )
    end = time.monotonic() + TIMEOUT_SECONDS
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


def _result(code: int | None, stdout: bytes, stderr: bytes) -> Result:
    if code is None:
        return Result(0, rules.TOO_COMPLEX)
    if code == 0 and (result := _parse_answer(stdout)):
        return result
    log.warning("conversion ended with %s: %s", code, stderr.decode(errors="replace"))
    if -code in (signal.SIGXCPU, signal.SIGALRM):
        return Result(0, rules.TOO_COMPLEX)
    if -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        return Result(0, rules.INTERRUPTED)
    return Result(0, rules.UNREADABLE)


def _parse_answer(stdout: bytes) -> Result | None:
    """Return None for an invalid answer: a malicious file may have written it."""
    try:
        answer = json.loads(stdout)
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
