"""Intake: labelled people through the one upsert, judged and timed, on both databases.

`python bench/intake.py` runs it alone. The labels come from BENCH_SEED/labelled_people.py.
"""

from __future__ import annotations

import datetime as dt
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402

from bench.targets import Bench, alone  # noqa: E402
from crm import create_app  # noqa: E402
from crm.accounts.models import Organization  # noqa: E402
from crm.accounts.queries import current_organization  # noqa: E402
from crm.customers.duplicate_pairs import Duplicate  # noqa: E402
from crm.intake.upsert import AT_ONCE, take_in  # noqa: E402
from crm.kernel.db import transaction  # noqa: E402
from crm.kernel.extensions import db  # noqa: E402
from crm.kernel.tenancy import use_organization  # noqa: E402
from tests.intake.people import intake  # noqa: E402
from tests.product import flask  # noqa: E402

JUDGED, TIMED = 5_000, 20_000
SEEDS = (1, 2, 3)


def compare(bench: Bench) -> None:
    """Print how right and how fast intake is."""
    sys.path.insert(0, str(bench.seed))
    people = importlib.import_module("labelled_people")
    for kind in ("sqlite", "postgresql"):
        environ = bench.empty_installation(kind, "intake")
        flask(environ, "db", "upgrade")
        app = create_app(environ, bench.directory)
        with app.app_context():
            for region in people.REGIONS:
                for seed in SEEDS:
                    _judge(kind, people, list(people.records(JUDGED, seed, region)), f"{region}{seed}", region)
            _time(kind, list(people.records(TIMED, 1, "ID")))
            db.engine.dispose()


def _judge(kind: str, people: Any, rows: Sequence[Any], slug: str, region: str) -> None:
    with use_organization(_organization(slug, region)):
        assigned = _collect(rows)
        pairs = db.session.execute(sa.select(Duplicate.first_id, Duplicate.second_id)).all()
    score = people.score(rows, assigned, {frozenset(pair) for pair in pairs})
    told = ", ".join(
        f"{name} {score[name]}"
        for name in ("merged_forbidden", "links", "precision", "recall", "missed_by_kind", "review_pairs")
    )
    sys.stdout.write(f"{kind}, {len(rows):,} people {slug}: {told}\n")


def _time(kind: str, rows: Sequence[Any]) -> None:
    with use_organization(_organization("timed", "ID")):
        started = time.perf_counter()
        _collect(rows)
        first = time.perf_counter() - started
        _collect(rows)
        again = time.perf_counter() - started - first
    sys.stdout.write(f"{kind}: {len(rows) / first:,.0f} rows/s, once more {len(rows) / again:,.0f} rows/s\n")


def _collect(rows: Sequence[Any]) -> list[int]:
    region, taken = current_organization().phone_region, []
    intakes = [
        intake(
            *(row.name, row.phone, row.email),
            passport_number=row.passport_number,
            city=row.city,
            at=_noon(row.activity_day),
            region=region,
        )
        for row in rows
    ]
    for start in range(0, len(intakes), AT_ONCE):
        taken += take_in(intakes[start : start + AT_ONCE])
    return [one.customer_id for one in taken]


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC)


def _organization(slug: str, region: str) -> int:
    with transaction() as session:
        organization = Organization(slug=slug.lower(), name=slug, phone_region=region, time_zone="Asia/Jakarta")
        session.add(organization)
        session.flush()
        return organization.id


if __name__ == "__main__":
    alone(compare)
