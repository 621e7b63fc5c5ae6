"""Convert a receipt in a process of its own, so that no file can hurt the worker."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from crm.invoices import rules

CHILD = Path(__file__).with_name("child.py")
SECONDS = 30
# The child gets no other variable: it has no use for secrets.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "TMPDIR", "LANG", "LC_ALL")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What became of a file: `pages` in the PDF, or 0 and the `reason`, a sentence for people."""

    pages: int
    reason: str = ""


def convert(source: Path, target: Path) -> Result:
    """Write the receipt `source` (PDF, JPEG or PNG) as a safe PDF to `target`; nothing is there when it failed.

    Takes 30 seconds and 400 MB at most. Never raises for what a file does: every end becomes a Result.
    """
    command = [sys.executable, "-P", str(CHILD), str(source.absolute()), str(target.absolute())]
    try:
        # A session of its own, or Ctrl-C in the terminal would end the child and look like a damaged file.
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"MALLOC_ARENA_MAX": "1"},
            start_new_session=True,
            check=False,
        )
        result = _result(done)
    except subprocess.TimeoutExpired:
        result = Result(0, rules.TOO_COMPLEX)
    except OSError:
        log.exception("conversion not started")
        result = Result(0, rules.INTERRUPTED)
    if not result.pages:
        target.unlink(missing_ok=True)
    return result


def _result(done: subprocess.CompletedProcess[bytes]) -> Result:
    if done.returncode == 0 and done.stdout.startswith(b"{"):
        answer = json.loads(done.stdout)
        return Result(answer.get("pages", 0), answer.get("reason", ""))
    log.warning("conversion ended with %s: %s", done.returncode, done.stderr[-2000:].decode(errors="replace"))
    if -done.returncode in (signal.SIGXCPU, signal.SIGALRM):
        return Result(0, rules.TOO_COMPLEX)
    if -done.returncode in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        return Result(0, rules.INTERRUPTED)
    return Result(0, rules.UNREADABLE)
