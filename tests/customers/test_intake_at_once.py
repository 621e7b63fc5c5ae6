"""Many doors at once, each a process of its own: every person becomes one customer."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer
from crm.kernel.events import Event
from crm.kernel.extensions import db
from tests.customers.upserting import PEOPLE
from tests.factories import Cast
from tests.servers import Process

PROCESSES, INTAKES = 4, 500


def test_fifty_people_in_twelve_spellings_become_fifty_customers(
    cast: Cast, environ: dict[str, str], tmp_path: Path
) -> None:
    command = ["-m", "tests.customers.upserting", str(cast.owner.organization_id)]
    doors = [
        Process.fork([*command, str(n), str(PROCESSES), str(INTAKES)], tmp_path / f"door-{n}.log", environ)
        for n in range(PROCESSES)
    ]

    ended = [door.popen.wait(timeout=300) for door in doors]

    assert ended == [0] * PROCESSES, "".join(door.output for door in doors)
    with cast.staff.acting():
        customers = db.session.scalars(sa.select(Customer)).all()
        assert (
            len({row.phone for row in customers}) == len({row.email for row in customers}) == len(customers) == PEOPLE
        )
        assert db.session.scalar(sa.select(sa.func.count(Duplicate.id))) == 0
        created = sa.select(sa.func.count(Event.id)).where(Event.action == "customer.created")
        assert db.session.scalar(created) == PEOPLE


def test_one_person_through_many_doors_at_once_is_one_customer(
    cast: Cast, environ: dict[str, str], tmp_path: Path
) -> None:
    # Every fiftieth intake is of the same person.
    command = ["-m", "tests.customers.upserting", str(cast.owner.organization_id), "0", str(PEOPLE)]
    doors = [Process.fork([*command, str(13 * PEOPLE)], tmp_path / f"door-{n}.log", environ) for n in range(PROCESSES)]

    ended = [door.popen.wait(timeout=300) for door in doors]

    assert ended == [0] * PROCESSES, "".join(door.output for door in doors)
    with cast.staff.acting():
        assert len(db.session.scalars(sa.select(Customer)).all()) == 1
