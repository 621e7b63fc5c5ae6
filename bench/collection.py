"""Collection: a scan over leads with three keys, half of them customers already, beside bare upserts of such rows.

`python bench/collection.py` runs it alone; ROWS is how many leads, 100,000 unless it is set. The bare ones are those of
BENCH_SEED/upsert_bench.py, row by row and in batches, on a table of three unique keys and nothing else.
"""

from __future__ import annotations

import datetime as dt
import importlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402

from bench.targets import Bench, alone  # noqa: E402
from crm import create_app  # noqa: E402
from crm.accounts.models import Organization  # noqa: E402
from crm.intake.models import Scan  # noqa: E402
from crm.kernel.bulk_writer import Bulk  # noqa: E402
from crm.kernel.db import transaction  # noqa: E402
from crm.kernel.extensions import db  # noqa: E402
from crm.kernel.tenancy import use_organization  # noqa: E402
from crm.leads.models import Lead  # noqa: E402
from crm.values import clock  # noqa: E402
from tests.product import flask  # noqa: E402

ROWS, ROW_BY_ROW, BATCH = 100_000, 2_000, 1_000


def compare(bench: Bench) -> None:
    """Print how many rows a second a scan looks at, and how much memory it takes."""
    sys.path.insert(0, str(bench.seed))
    rows = int(os.environ.get("ROWS") or ROWS)
    for kind in ("sqlite", "postgresql"):
        environ = bench.empty_installation(kind, "collection")
        flask(environ, "db", "upgrade")
        app = create_app(environ, bench.directory)
        with app.app_context():
            bare = _bare(app.config["SQLALCHEMY_DATABASE_URI"], bench.directory, rows)
            with use_organization(_organization()):
                _add_leads(_people(rows // 2))
                _scan(environ)
                _add_leads(_mixed(rows))
                first, again = _scan(environ), _scan(environ)
            db.engine.dispose()
        sys.stdout.write(
            f"{kind}, scan over {rows:,} leads, half of them customers: {_told(first)}; once more {_told(again)}; "
            f"bare upserts in batches {bare[0]:,.0f} rows/s, row by row {bare[1]:,.0f}; "
            f"a scan is {first.speed / bare[1]:.1f}x row by row\n"
        )


class Found(NamedTuple):
    """How fast a scan was, in rows a second, the peak of its memory in MB, and what it did."""

    speed: float
    memory: int
    created: int
    updated: int


def _scan(environ: dict[str, str]) -> Found:
    """Scan by the command; its start is not counted."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "collection", "scan", "--organization", "bench"]
    done = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(done.pid, 0)
    if status:
        raise RuntimeError(f"the scan ended with {status}")
    db.session.rollback()
    scan = db.session.scalars(sa.select(Scan).order_by(Scan.id.desc()).limit(1)).one()
    seconds = (scan.updated_at - scan.created_at).total_seconds()
    return Found(scan.looked / max(seconds, 0.001), used.ru_maxrss // 1024, scan.created, scan.updated)


def _told(found: Found) -> str:
    did = f"{found.created:,} created, {found.updated:,} updated"
    return f"{found.speed:,.0f} rows/s ({did}), peak {found.memory} MB"


def _people(number: int, start: int = 1) -> list[dict[str, str]]:
    rows: Any = importlib.import_module("bench_rows")
    return [
        {"name": row[1], "phone": f"+7{9_000_000_000 + row[0]}", "email": row[2], "passport_number": f"P{row[0]:09}"}
        for row in rows.customers(number, start)
    ]


def _mixed(number: int) -> list[dict[str, str]]:
    """Return people of whom half were there before, and half of these have another number now."""
    people = _people(number // 2)
    for person in people[: number // 4]:
        person["phone"] = "+49" + person["phone"][2:]
    people += _people(number // 2, number + 1)
    random.Random(9).shuffle(people)
    return people


def _add_leads(people: Sequence[dict[str, str]]) -> None:
    now = clock.utcnow()
    for start in range(0, len(people), 10_000):
        some = people[start : start + 10_000]
        values: dict[str, Any] = {name: [person[name] for person in some] for name in some[0]}
        values |= {"organization_id": db.session.scalars(sa.select(Organization.id)).one(), "phone_valid": True}
        values["activity_at"] = [now + dt.timedelta(microseconds=start + place) for place in range(len(some))]
        with transaction() as session:
            Bulk(session).insert(Lead, len(some), values)


def _bare(url: str, directory: Path, rows: int) -> tuple[float, float]:
    """Return the rows a second of bare upserts in batches and row by row."""
    bare: Any = importlib.import_module("upsert_bench")
    engine = sa.create_engine(f"sqlite:///{directory / 'bare.db'}" if url.startswith("sqlite") else url)
    bare.meta.drop_all(engine)
    bare.meta.create_all(engine)
    insert = importlib.import_module(f"sqlalchemy.dialects.{engine.dialect.name}").insert
    people = bare.people(rows // 2)
    with engine.connect() as connection:
        for batch in bare.chunks(people, BATCH):
            bare.upsert(connection, insert, batch)
            connection.commit()
        mixed = people + bare.people(rows // 2, rows + 1)
        random.Random(9).shuffle(mixed)
        started = time.perf_counter()
        for batch in bare.chunks(mixed, BATCH):
            bare.match(connection, insert, batch)
            connection.commit()
        batched = len(mixed) / (time.perf_counter() - started)
        started = time.perf_counter()
        bare.naive(connection, insert, mixed[:ROW_BY_ROW])
        single = min(ROW_BY_ROW, len(mixed)) / (time.perf_counter() - started)
    bare.meta.drop_all(engine)
    engine.dispose()
    return batched, single


def _organization() -> int:
    with transaction() as session:
        organization = Organization(slug="bench", name="Bench", phone_region="RU", time_zone="Europe/Moscow")
        session.add(organization)
        session.flush()
        return organization.id


if __name__ == "__main__":
    alone(compare)
