"""Long jobs: every row once, whoever is killed, comes at the same time, cancels or undoes."""

from __future__ import annotations

import os
import signal
import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.bulk_models import BulkChange
from crm.customers.models import Customer
from crm.kernel import fail_points
from crm.kernel.columns import one_of
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.kernel.work.due import DueWork
from crm.kernel.work.long_job import StepResult, UndoableJob
from tests.factories import Cast, Person, make_customer

COUNT = 7


class Marking(UndoableJob[BulkChange]):
    """Writes who did it into the notes of each customer; undoing empties them and writes who did that elsewhere."""

    kind, path, model = "test", "tests.none", BulkChange
    batch_size, pause = 2, 0.0

    def prepare(self, row: BulkChange) -> None:
        """Count what there is to do."""
        row.total = COUNT

    def step(self, row: BulkChange, size: int) -> StepResult:
        """Mark the next customers."""
        ids = self._mark(Customer.id > row.position, size, notes=Customer.notes + f"{current_actor()};")
        row.position = ids[-1] if ids else row.position
        row.changed += len(ids)
        return StepResult(len(ids), len(ids) < size)

    def undo_step(self, row: BulkChange, size: int) -> StepResult:
        """Empty the notes of the next customers that have some."""
        ids = self._mark(Customer.notes != "", size, notes="", city=str(current_actor()))
        row.put_back += len(ids)
        return StepResult(len(ids), len(ids) < size)

    def _mark(self, which: sa.ColumnElement[bool], size: int, **values: object) -> list[int]:
        ids = list(db.session.scalars(sa.select(Customer.id).where(which).order_by(Customer.id).limit(size)))
        statement = sa.update(Customer).where(one_of(Customer.id, ids)).values(**values)
        db.session.execute(statement, execution_options={"synchronize_session": False})
        return ids


MARKING = Marking()


@pytest.fixture
def job(cast: Cast) -> int:
    """A job of the staff over seven customers that is left to the worker."""
    with cast.staff.acting(), transaction() as session:
        for number in range(COUNT):
            make_customer(name=f"Customer {number}")
        row = BulkChange(action="activate", customer_ids=[], state="working", user_id=cast.staff.user_id)
        session.add(row)
        session.flush()
        MARKING.leave_to_worker(row)
        return row.id


def marks(person: Person) -> list[str]:
    with person.acting():
        return list(db.session.scalars(sa.select(Customer.notes).order_by(Customer.id)))


def row_of(person: Person, job_id: int) -> BulkChange:
    with person.acting():
        return db.session.get_one(BulkChange, job_id)


def batch(app: Flask) -> bool:
    with app.app_context():
        return MARKING.go_on_everywhere()


def work(app: Flask) -> None:
    while batch(app):
        pass


def die_at(app: Flask, point: str) -> None:
    """Have a worker of its own do a batch, and be killed at a commit."""
    child = os.fork()
    if child == 0:
        try:
            fail_points._NAMED = point
            with app.app_context():
                db.engine.dispose(close=False)
                MARKING.go_on_everywhere()
        finally:
            os._exit(3)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.parametrize(("point", "done"), [("test uncommitted", 2), ("test committed", 4)])
def test_a_killed_workers_job_is_resumed_and_does_nothing_twice(
    app: Flask, cast: Cast, job: int, point: str, done: int
) -> None:
    assert batch(app)
    die_at(app, point)
    assert sum(map(bool, marks(cast.staff))) == row_of(cast.staff, job).looked == done

    work(app)
    assert marks(cast.staff) == [f"{cast.staff.user_id};"] * COUNT, "each once, for the user who asked"
    found = row_of(cast.staff, job)
    assert (found.state, found.looked, found.percent, found.is_under_way) == ("done", COUNT, 100, False)
    with cast.staff.acting():
        assert db.session.scalars(sa.select(DueWork)).all() == []


def test_two_workers_at_once_do_each_row_once(app: Flask, cast: Cast, job: int) -> None:
    threads = [threading.Thread(target=work, args=[app]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert marks(cast.staff) == [f"{cast.staff.user_id};"] * COUNT
    assert row_of(cast.staff, job).looked == COUNT


def test_progress_never_goes_back(app: Flask, cast: Cast, job: int) -> None:
    assert row_of(cast.staff, job).percent is None, "nobody has counted"
    seen = []
    while batch(app):
        found = row_of(cast.staff, job)
        seen.append((found.looked, found.percent))
    assert seen[:4] == [(2, 28), (4, 57), (6, 85), (7, 100)]
    assert seen == sorted(seen)


def test_cancel_keeps_what_is_done_and_ends_the_rest(app: Flask, cast: Cast, job: int) -> None:
    batch(app)
    with cast.staff.acting():
        assert MARKING.cancel(job).state == "canceled"
        assert db.session.scalars(sa.select(DueWork)).all() == []
        assert MARKING.go_on(job) is False, "a worker that had found it before"
        assert MARKING.cancel(job).state == "canceled", "once more changes nothing"
    assert not batch(app)
    assert sum(map(bool, marks(cast.staff))) == 2

    with cast.staff.acting():
        assert MARKING.undo(job, at_once=100).put_back == 2, "what was canceled can be undone"
    assert not any(marks(cast.staff))


def test_what_is_over_is_not_canceled(app: Flask, cast: Cast, job: int) -> None:
    work(app)
    with cast.staff.acting():
        assert MARKING.cancel(job).state == "done"


@pytest.mark.parametrize("batches", [1, 4])
def test_undo_stops_the_job_and_is_itself_resumed(app: Flask, cast: Cast, job: int, batches: int) -> None:
    for _ in range(batches):
        batch(app)
    done = row_of(cast.staff, job).changed
    with cast.owner.acting():
        row = MARKING.undo(job, at_once=2)
        assert (row.state, row.looked, row.total, row.actor_id) == ("undoing", 0, done, cast.owner.user_id)
        assert MARKING.undo(job, at_once=2).state == "undoing", "once more changes nothing"
    die_at(app, "test uncommitted")
    die_at(app, "test committed")
    work(app)

    assert not any(marks(cast.staff))
    found = row_of(cast.staff, job)
    assert (found.state, found.looked, found.put_back, found.undone_by_id) == (
        "undone",
        done,
        done,
        cast.owner.user_id,
    )
    with cast.owner.acting():
        assert set(db.session.scalars(sa.select(Customer.city))) <= {"", str(cast.owner.user_id)}
        assert MARKING.undo(job, at_once=2).state == "undone"


def test_in_the_foreground_it_goes_to_the_end_while_workers_keep_away(app: Flask, cast: Cast, job: int) -> None:
    with cast.staff.acting():
        with transaction() as session:
            MARKING.keep_in_foreground(session.get_one(BulkChange, job))
        assert not MARKING.go_on_in(cast.staff.organization_id)
        assert MARKING.run(job).state == "done"
    assert marks(cast.staff) == [f"{cast.staff.user_id};"] * COUNT
