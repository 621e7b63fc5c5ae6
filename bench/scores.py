"""Scores: a night's computation of a shop with 100,000 customers, by seconds and memory, on both databases.

`python bench/scores.py` runs it alone; CUSTOMERS is how many there are, 100,000 unless it is set. They buy as BG/NBD
says, for two years, six times on average. The CPU is that of the process alone, without that of PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.targets import Bench, alone  # noqa: E402
from crm import create_app  # noqa: E402
from crm.accounts.models import Organization  # noqa: E402
from crm.customers.models import Customer  # noqa: E402
from crm.invoices.models import Invoice  # noqa: E402
from crm.kernel.db import transaction  # noqa: E402
from crm.kernel.extensions import db  # noqa: E402
from crm.kernel.tenancy import insert_many, use_organization  # noqa: E402
from crm.reports import figures, services  # noqa: E402
from crm.reports.queries import latest_run  # noqa: E402
from crm.values import clock  # noqa: E402
from tests.product import flask  # noqa: E402

CUSTOMERS, AT_ONCE, DAYS = 100_000, 5_000, 730
HIGHEST, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def compare(bench: Bench) -> None:
    customers = os.environ.get("CUSTOMERS") or str(CUSTOMERS)
    for kind in ("sqlite", "postgresql"):
        environ = bench.empty_installation(kind, "scores")
        flask(environ, "db", "upgrade")
        command = [sys.executable, __file__, str(bench.directory), customers]
        done = subprocess.run(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
        for line in done.stdout.splitlines():
            sys.stdout.write(f"{kind}, {line}\n")


def measure(directory: str, number: str) -> None:
    """Make the shop, and compute its scores in this process as the worker does."""
    app, customers = create_app(os.environ, Path(directory)), int(number)
    with app.app_context():
        with transaction() as session:
            organization = Organization(slug="bench", name="Bench", currency="IDR", time_zone="Asia/Jakarta")
            session.add(organization)
            session.flush()
            id_ = organization.id
        with use_organization(id_):
            invoices = sum(_make_some(start, min(AT_ONCE, customers - start)) for start in range(0, customers, AT_ONCE))
            sys.stdout.write(f"{customers:,} customers with {invoices:,} invoices\n")
            _tell("first night", services.rebuild)
            _tell("next night", services.rebuild)
            run = latest_run()
            sys.stdout.write(f"back-test: {run.found.get('backtest') if run else None}\n")
            _tell("report", figures.report)
            _tell("cohorts", lambda: figures.cohorts_of(run.as_of) if run else None)


def _make_some(start: int, number: int) -> int:
    chance = random.Random(start)
    with transaction():
        insert_many(Customer, [{"name": f"C{n}", "name_key": f"c{n}"} for n in range(start, start + number)])
        last = list(db.session.scalars(sa.select(Customer.id).order_by(Customer.id.desc()).limit(number)))
        rows = [row for id_ in last for row in _invoices(id_, chance)]
        insert_many(Invoice, rows)
        return len(rows)


def _invoices(customer_id: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    today, at = clock.utcnow().date(), chance.uniform(0, DAYS)
    rate, leaves, mean = chance.gammavariate(0.9, 1 / 40), chance.betavariate(0.6, 4), chance.gammavariate(6, 20_000_00)
    while at < DAYS:
        day = today - dt.timedelta(days=DAYS - int(at))
        amount = round(mean * chance.uniform(0.6, 1.4))
        row = {"customer_id": customer_id, "date": day, "amount": amount, "currency": "IDR", "status": "open"}
        yield {**row, "note": "", "search_text": ""}
        if chance.random() < leaves:
            break
        at += chance.expovariate(rate)


def _tell(name: str, do: Any) -> None:
    RESET.write_text("5")
    started, cpu = time.perf_counter(), time.process_time()
    do()
    used, clocked = time.process_time() - cpu, time.perf_counter() - started
    (peak,) = (int(line.split()[1]) for line in HIGHEST.read_text().splitlines() if line.startswith("VmHWM"))
    sys.stdout.write(f"{name}: {used:.1f} s of CPU, {clocked:.1f} s by the clock, peak {peak // 1024} MB\n")
    sys.stdout.flush()


if __name__ == "__main__":
    measure(*sys.argv[1:]) if len(sys.argv) > 1 else alone(compare)
