"""The process that converts one receipt: `python convert_process.py SOURCE TARGET`, started by `sandbox.convert`.

It has no secrets and no connections, and limits and isolates itself before it reads the file. It answers with one line
of JSON and loads only what the file needs. Without arguments it prints how it is isolated.
"""

from __future__ import annotations

import errno
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

# Empty packages, because the real ones would load the web application.
for name in ("crm", "crm.invoices", "crm.invoices.receipts", "crm.kernel", "crm.kernel.sandbox"):
    package = types.ModuleType(name)
    package.__path__ = [str(Path(__file__).resolve().parents[3].joinpath(*name.split(".")))]
    sys.modules.setdefault(name, package)

from crm.invoices import rules  # noqa: E402 - needs the stand-ins.
from crm.kernel.sandbox import isolation, limits  # noqa: E402

CPU_SECONDS = 25
TIMEOUT_SECONDS = 240
"""Wall clock, for a busy machine and for what only sleeps."""
OUTPUT = 50 * 1024 * 1024

Converter = Callable[[bytes, BinaryIO], tuple[int, str]]


def main(source: Path, target: Path) -> None:
    """Print `{"pages": n, "notice": sentence}`, or `{"reason": sentence}`."""
    limits.set_limits(CPU_SECONDS, TIMEOUT_SECONDS, OUTPUT)
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
