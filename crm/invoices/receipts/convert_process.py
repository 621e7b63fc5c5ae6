"""The process that converts one receipt: `python convert_process.py SOURCE TARGET`, started by `sandbox.convert`.

It has no secrets and no connections, and limits and isolates itself before it reads the file. It answers with one line
of JSON and loads only what the file needs. Without arguments it prints how it is isolated.
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
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

# Empty packages, because the real ones would load the web application.
for name in ("crm", "crm.invoices", "crm.invoices.receipts"):
    package = types.ModuleType(name)
    package.__path__ = [str(Path(__file__).resolve().parents[3].joinpath(*name.split(".")))]
    sys.modules.setdefault(name, package)

from crm.invoices import rules  # noqa: E402 - needs the stand-ins.
from crm.invoices.receipts import isolation  # noqa: E402

CPU_SECONDS = 25
TIMEOUT_SECONDS = 240
"""Wall clock, for a busy machine and for what only sleeps."""
MEMORY = 400 * 1024 * 1024
OUTPUT = 50 * 1024 * 1024
OPEN_FILES = 32

Converter = Callable[[bytes, BinaryIO], tuple[int, str]]


def main(source: Path, target: Path) -> None:
    """Print `{"pages": n, "notice": sentence}`, or `{"reason": sentence}`."""
    set_limits()
    try:
        pages, notice = convert(source, target)
        answer: dict[str, object] = {"pages": pages, "notice": notice}
    except rules.Refused as refused:
        answer = {"reason": str(refused)}
    except MemoryError:
        answer = {"reason": rules.TOO_COMPLEX}
    except OSError as error:
        answer = {"reason": rules.TOO_COMPLEX if error.errno == errno.EFBIG else rules.INTERRUPTED}
    sys.stdout.write(json.dumps(answer))


def set_limits() -> None:
    signal.alarm(TIMEOUT_SECONDS)
    # The soft limit sends SIGXCPU, the hard one kills a second later.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT, OUTPUT))
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


def convert(source: Path, target: Path) -> tuple[int, str]:
    with source.open("rb") as file:
        content = file.read(rules.MAX_BYTES + 1)
    converter = load(rules.check_content(content))
    with target.open("w+b") as out:
        isolation.isolate()
        return converter(content, out)


def load(kind: rules.FileKind) -> Converter:
    """Import everything that the converter needs, because isolation forbids later imports."""
    if kind == "pdf":
        from crm.invoices.receipts import cleaning

        cleaning.prepare()
        return cleaning.clean_pdf
    from crm.invoices.receipts import photo_to_pdf

    return photo_to_pdf.image_to_pdf


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        sys.stdout.write(json.dumps({"isolation": isolation.isolate()}))
