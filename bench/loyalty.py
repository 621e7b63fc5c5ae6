"""Points: a night in which 100,000 customers' points end, and redeeming with a thousand entries, on both databases.

`python bench/loyalty.py` runs it alone; CUSTOMERS is how many have points, 100,000 unless it is set. ENTRIES, 1,000, is
how many entries the customer has who redeems.
"""

from __future__ import annotations

import datetime as dt
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.targets import Bench, alone  # noqa: E402
from crm import create_app  # noqa: E402
from crm.accounts.models import Organization  # noqa: E402
from crm.customers.models import Customer  # noqa: E402
from crm.demo import generator, loader  # noqa: E402
from crm.kernel.db import transaction  # noqa: E402
from crm.kernel.extensions import db  # noqa: E402
from crm.kernel.tenancy import use_organization  # noqa: E402
from crm.loyalty import nightly  # noqa: E402
from crm.loyalty.models import LoyaltySettings, PointsEntry  # noqa: E402
from crm.loyalty.services import change_points  # noqa: E402
from crm.rewards import catalogue, services  # noqa: E402
from crm.rewards.rules import RewardKind  # noqa: E402
from crm.values import clock  # noqa: E402
from tests.product import flask  # noqa: E402

CUSTOMERS, ENTRIES, REDEEMED = 100_000, 1_000, 200


def compare(bench: Bench) -> None:
    sizes = [os.environ.get("CUSTOMERS") or str(CUSTOMERS), os.environ.get("ENTRIES") or str(ENTRIES)]
    for kind in ("sqlite", "postgresql"):
        environ = bench.empty_installation(kind, "loyalty")
        flask(environ, "db", "upgrade")
        command = [sys.executable, __file__, str(bench.directory), *sizes]
        done = subprocess.run(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
        for line in done.stdout.splitlines():
            sys.stdout.write(f"{kind}, {line}\n")


def measure(directory: str, customers: str, entries: str) -> None:
    """Make a shop whose points end tonight, let the night pass twice, and redeem."""
    app = create_app(os.environ, Path(directory))
    with app.app_context():
        with transaction() as session:
            organization = Organization(slug="bench", name="Bench", currency="IDR", time_zone="Asia/Jakarta")
            session.add(organization)
            session.flush()
            id_ = organization.id
        with use_organization(id_):
            _expire(int(customers))
            _redeem(int(entries))


def _expire(customers: int) -> None:
    # A third of generated customers has no points.
    loader.load("generated", generator.customers("ID", 0, customers * 3 // 2))
    yesterday = clock.utcnow().date() - dt.timedelta(days=2)
    with transaction() as session:
        session.add(LoyaltySettings())
        session.execute(sa.update(PointsEntry).values(expires_on=yesterday))
    loader.refresh_statistics()
    for name in ("expire", "expire again"):
        started, cpu = time.perf_counter(), time.process_time()
        found = nightly.expire()
        used, clocked = time.process_time() - cpu, time.perf_counter() - started
        sys.stdout.write(
            f"{name}: {found['customers']:,} customers, {used:.1f} s of CPU, {clocked:.1f} s by the clock\n"
        )
        sys.stdout.flush()


def _redeem(entries: int) -> None:
    customer_id = db.session.scalar(sa.select(sa.func.max(Customer.id))) or 0
    reward = catalogue.add({"name": "Coffee", "kind": RewardKind.FREE_ITEM, "cost": 10})
    for _ in range(entries):
        change_points(customer_id, 10)
    times = []
    for _ in range(min(REDEEMED, entries)):
        started = time.perf_counter()
        services.redeem(customer_id, reward.id)
        times.append((time.perf_counter() - started) * 1000)
    slowest = statistics.quantiles(times, n=20)[-1]
    sys.stdout.write(f"redeem, {entries:,} entries: p50 {statistics.median(times):.1f} ms, p95 {slowest:.1f} ms\n")


if __name__ == "__main__":
    measure(*sys.argv[1:]) if len(sys.argv) > 1 else alone(compare)
