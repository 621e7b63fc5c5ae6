"""The process that converts one receipt: `python child.py SOURCE TARGET`, started by `sandbox.convert`.

It holds no secrets and no connections, limits itself, answers with one line of JSON, and loads neither the
application nor more libraries than the file needs.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import resource
import signal
import sys
import types
from pathlib import Path

# Empty stand-ins for the packages above this file: the real ones would load the web application.
for name in ("crm", "crm.invoices"):
    package = types.ModuleType(name)
    package.__path__ = [str(Path(__file__).resolve().parents[2].joinpath(*name.split(".")))]
    sys.modules.setdefault(name, package)

from crm.invoices import rules  # noqa: E402 - needs the stand-ins.

SECONDS = 25
MEMORY = 400 * 1024 * 1024
OUTPUT = 50 * 1024 * 1024


def main(source: Path, target: Path) -> None:
    """Convert `source` into the PDF `target` and print `{"pages": n}`, or `{"reason": sentence}`."""
    limit_itself()
    try:
        answer: dict[str, object] = {"pages": convert(source, target)}
    except rules.Refused as refused:
        answer = {"reason": str(refused)}
    except MemoryError:
        answer = {"reason": rules.TOO_COMPLEX}
    except OSError as error:
        answer = {"reason": rules.TOO_COMPLEX if error.errno == errno.EFBIG else rules.INTERRUPTED}
    sys.stdout.write(json.dumps(answer))


def limit_itself() -> None:
    """Give this process an end: its parent's, time on the clock and on the processor, memory, and what it writes."""
    signal.alarm(SECONDS)
    # The soft limit ends the process with a signal of its own, the hard one a second later kills it.
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT, OUTPUT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Nobody reads the answer once the worker is gone: PR_SET_PDEATHSIG ends this process with it.
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        # Elsewhere the system doesn't keep to this one.
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    # Pages for people go first.
    os.nice(10)


def convert(source: Path, target: Path) -> int:
    """Return the number of pages written; raise rules.Refused."""
    with source.open("rb") as file:
        kind = rules.check_upload(file)
    if kind == "pdf":
        from crm.invoices import cleaning

        return cleaning.clean_pdf(source, target)
    from crm.invoices import conversion

    conversion.image_to_pdf(source, target)
    return 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
