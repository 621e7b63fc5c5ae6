"""Import: a file of customers read, checked, imported and undone, by seconds of CPU and memory, on both databases.

`python bench/imports.py` runs it alone; ROWS is how many rows a file has, 50,000 unless it is set. The first file is of
new people; half of those in the second one are customers by then. Counted is the CPU of the process alone, without that
of PostgreSQL.
"""

from __future__ import annotations

import csv
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.targets import Bench, alone  # noqa: E402
from crm import create_app  # noqa: E402
from crm.accounts.models import Organization  # noqa: E402
from crm.imports import services  # noqa: E402
from crm.imports.check_job import CHECK  # noqa: E402
from crm.imports.reading_job import read_file  # noqa: E402
from crm.kernel.db import transaction  # noqa: E402
from crm.kernel.tenancy import use_organization  # noqa: E402
from crm.kernel.work.long_job import work_lease  # noqa: E402
from tests.product import flask  # noqa: E402

ROWS = 50_000
HEADERS = ("Name", "Phone", "E-mail", "City", "Birthday", "Tags", "SMS allowed")
HIGHEST, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def compare(bench: Bench) -> None:
    """Print how many rows a second of CPU each part takes, and how much memory."""
    sys.path.insert(0, str(bench.seed))
    rows = int(os.environ.get("ROWS") or ROWS)
    files = _files(bench.directory, rows)
    for kind in ("sqlite", "postgresql"):
        environ = bench.empty_installation(kind, "imports")
        flask(environ, "db", "upgrade")
        command = [sys.executable, __file__, str(bench.directory), *map(str, files)]
        done = subprocess.run(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
        for line in done.stdout.splitlines():
            sys.stdout.write(f"{kind}, {line}\n")


class Used(NamedTuple):
    """Seconds of CPU and of the clock, and the highest memory in MB."""

    cpu: float
    clock: float
    memory: int


def measure(directory: str, new: str, mixed: str) -> None:
    """Import two files in this process, and print a line for each part."""
    app = create_app(os.environ, Path(directory))
    with app.app_context(), use_organization(_organization()):
        _tell("nothing yet", 0, lambda: None)
        _import("new people", new)
        services.run_commit(services.run_check(_uploaded(new)).id)
        _import("half are there", mixed)


def _import(name: str, file: str) -> None:
    id_ = _uploaded(file)
    rows = Path(file).read_bytes().count(b"\n") - 1
    _tell(f"{name}, read", rows, lambda: read_file(CHECK.kind, id_, work_lease(), work_lease()))
    _tell(f"{name}, check", rows, lambda: services.run_check(id_))
    _tell(f"{name}, commit", rows, lambda: services.run_commit(id_))
    _tell(f"{name}, undo", rows, lambda: services.run_undo(id_))


def _uploaded(file: str) -> int:
    with Path(file).open("rb") as content:
        return services.create(Path(file).name, content, in_foreground=True).id


def _tell(name: str, rows: int, do: Callable[[], Any]) -> None:
    used = _used(do)
    speed = f"{rows / used.cpu:,.0f} rows/s of CPU, {rows / used.clock:,.0f} by the clock, " if rows else ""
    sys.stdout.write(f"{name}: {speed}peak {used.memory} MB\n")
    sys.stdout.flush()


def _used(do: Callable[[], Any]) -> Used:
    RESET.write_text("5")
    started, cpu = time.perf_counter(), time.process_time()
    do()
    (peak,) = (int(line.split()[1]) for line in HIGHEST.read_text().splitlines() if line.startswith("VmHWM"))
    return Used(time.process_time() - cpu, time.perf_counter() - started, peak // 1024)


def _files(directory: Path, rows: int) -> list[Path]:
    people: Any = importlib.import_module("bench_rows")
    known, more = list(people.customers(rows)), people.customers(rows, rows + 1)
    files = {"new.csv": _rows(known), "mixed.csv": _rows([*known[: rows // 2], *more][:rows], is_later=True)}
    for name, written in files.items():
        with (directory / name).open("w", newline="") as file:
            csv.writer(file).writerows([HEADERS, *written])
    return [directory / name for name in files]


def _rows(people: Sequence[Any], *, is_later: bool = False) -> Iterator[tuple[str, ...]]:
    for number, name, email, _phone, address in people:
        city = address.rpartition(", ")[2]
        day = f"{1950 + number % 55}-{1 + number % 12:02}-{1 + number % 28:02}"
        tags = "VIP" if number % 10 == 0 else ""
        city = city if is_later or number % 2 else ""
        yield name, f"0812{number:08}", email, city, day, tags, "yes" if number % 3 else "no"


def _organization() -> int:
    with transaction() as session:
        organization = Organization(slug="bench", name="Bench", phone_region="ID", time_zone="Asia/Jakarta")
        session.add(organization)
        session.flush()
        return organization.id


if __name__ == "__main__":
    measure(*sys.argv[1:]) if len(sys.argv) > 1 else alone(compare)
