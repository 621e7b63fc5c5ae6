"""Convert a receipt in a separate process, so that no file can hurt the worker."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crm.invoices import rules
from crm.kernel.sandbox import child
from crm.values.text import clean_line

CONVERT_PROCESS = Path(__file__).with_name("convert_process.py")
TIMEOUT_SECONDS = 250
"""Longer than the process gives itself, for one that can't end itself."""
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
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            arguments = [str(source.absolute()), str(target.absolute())]
            code = child.run(
                CONVERT_PROCESS, arguments, stdout, stderr, timeout_seconds=TIMEOUT_SECONDS, keep_going=keep_going
            )
            result = _result(code, child.start_of(stdout), child.start_of(stderr))
    except OSError:
        log.exception("conversion not started")
        result = Result(0, rules.INTERRUPTED)
    if not result.pages:
        target.unlink(missing_ok=True)
    return result


def missing_locks() -> list[str]:
    try:
        with tempfile.TemporaryFile() as stdout:
            child.run(CONVERT_PROCESS, [], stdout, stdout, timeout_seconds=TIMEOUT_SECONDS)
            held = json.loads(child.start_of(stdout))["isolation"]
    except (OSError, ValueError, KeyError, TypeError):
        held = []
    return [lock for lock in LOCKS if lock not in held]


def _result(code: int | None, stdout: bytes, stderr: bytes) -> Result:
    if code is None:
        return Result(0, rules.TOO_COMPLEX)
    if code == 0 and (result := _parse_answer(stdout)):
        return result
    log.warning("conversion ended with %s: %s", code, stderr.decode(errors="replace"))
    if -code in child.ENDED_BY_TIME:
        return Result(0, rules.TOO_COMPLEX)
    if -code in child.ENDED_BY_US:
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
    reason, notice = (_clean_lines(text) if isinstance(text, str) else "" for text in (reason, notice))
    return Result(pages, reason, notice) if pages or reason else None


def _clean_lines(text: str) -> str:
    """Keep the lines: each is a sentence that is shown by itself."""
    return "\n".join(map(clean_line, text.splitlines()))
