"""Long jobs: work on many rows that a user asked for, one batch per transaction, by any worker.

The position moves in the batch's transaction, so a worker that continues after a crash repeats nothing. A running job
is on the list of due work.
"""

from __future__ import annotations

import datetime as dt
from typing import Generic, NamedTuple, TypeVar

import sqlalchemy as sa
from flask import current_app

from crm.kernel import queue
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import db_now
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.extensions import db
from crm.kernel.fail_points import committing
from crm.kernel.garbage import nothing_thrown_away
from crm.kernel.tenancy import current_actor, require_organization, use_organization
from crm.kernel.work import due
from crm.kernel.work.models import JobState, LongJobMixin, UndoableMixin
from crm.kernel.work.organizations import each_organization

Row = TypeVar("Row", bound=LongJobMixin)
UndoableRow = TypeVar("UndoableRow", bound=UndoableMixin)


def work_lease() -> dt.timedelta:
    """Return the time without a batch after which another worker takes over a job that somebody holds."""
    return dt.timedelta(seconds=current_app.config["WORK_LEASE"])


class StepResult(NamedTuple):
    """The rows that a step looked at, and whether they were the last."""

    looked: int
    is_last: bool


class LongJob(Generic[Row]):
    """One kind of long job over the rows of `model`; a feature's subclass says what a step does.

    `kind` is its kind of due work, at most 16 characters, and names the fail points of its commits. `path` is the
    dotted path of the job of the queue that calls `go_on_in`. `batch_size` is in rows, and `pause` in seconds between
    two batches: SQLite has one writer at a time, and pages are to have their turn.
    """

    kind: str
    path: str
    model: type[Row]
    batch_size = 1_000
    pause = 0.05

    def step(self, row: Row, size: int) -> StepResult:
        """Process up to `size` rows of a locked job in the open transaction, and move its position."""
        raise NotImplementedError

    def prepare(self, row: Row) -> None:
        """Run before the worker's first step, for example to count rows."""

    def lock_first(self) -> None:
        """Take locks that come before the job's own."""

    def leave_to_worker(self, row: Row) -> None:
        """Leave the rest to the worker, in the transaction that changes the job."""
        due.put_off(self.kind, [row.id], database_now())
        queue.enqueue(self.path, require_organization())

    def keep_in_foreground(self, row: Row) -> None:
        """Let the worker continue only if `run` does not."""
        due.put_off(self.kind, [row.id], database_now() + work_lease())

    def run(self, job_id: int) -> Row:
        """Run a job to its end in the foreground, in several transactions."""
        while self.go_on(job_id, work_lease()):
            pass
        with transaction() as session:
            return session.get_one(self.model, job_id)

    def do(self, row: Row, size: int) -> bool:
        """Process up to `size` rows of a locked job; False at the end."""
        looked, is_last = self.step(row, size)
        row.advance(looked, is_last=is_last)
        return row.is_under_way

    def go_on(self, job_id: int, lease: dt.timedelta = dt.timedelta(0)) -> bool:
        """Process the next batch as the job's user; False at the end. Others may continue after `lease`."""
        with nothing_thrown_away(), committing(self.kind):
            self.lock_first()
            if job_id not in due.lock(self.kind, [job_id]):
                return False
            row = self._locked(job_id)
            if row.is_under_way and not row.looked:
                self.prepare(row)
            more = row.is_under_way and self.do(row, self.batch_size)
            due.plan(self.kind, {job_id: database_now() + lease if more else None})
            return more

    def go_on_in(self, organization_id: int) -> bool:
        """Process a batch of the organization's longest waiting job; False if none is due."""
        with use_organization(organization_id):
            row = self._find_due()
        if row is None:
            return False
        with use_organization(organization_id, row.actor_id, row.branch_id):
            self.go_on(row.id)
        return True

    def go_on_everywhere(self) -> bool:
        """Process a batch for each organization; True when there may be more."""
        return each_organization(self.kind, self.go_on_in, self.pause)

    def cancel(self, job_id: int) -> Row:
        """Stop a job after its current batch; finished ones stay."""
        with transaction():
            due.lock(self.kind, [job_id])
            row = self._locked(job_id)
            if row.cancel():
                due.settle(self.kind, [job_id])
            return row

    def _locked(self, job_id: int) -> Row:
        return db.session.scalars(locked(sa.select(self.model).where(self.model.id == job_id))).one()

    def _find_due(self) -> Row | None:
        statement = sa.select(self.model).join(due.DueWork, due.DueWork.subject_id == self.model.id)
        statement = statement.where(due.DueWork.kind == self.kind, due.DueWork.due_at <= db_now())
        return db.session.scalars(statement.order_by(due.DueWork.due_at).limit(1)).first()


class UndoableJob(LongJob[UndoableRow]):
    """A long job that can be undone, even while it runs; undoing is a long job too."""

    def undo_step(self, row: UndoableRow, size: int) -> StepResult:
        """Restore up to `size` changed rows and forget them."""
        raise NotImplementedError

    def do(self, row: UndoableRow, size: int) -> bool:
        """Process or restore up to `size` rows of a locked job; False at the end."""
        if row.state != JobState.UNDOING:
            return super().do(row, size)
        looked, is_last = self.undo_step(row, size)
        row.advance(looked, is_last=is_last)
        return row.is_under_way

    def undo(self, job_id: int, at_once: int) -> UndoableRow:
        """Stop a job and undo its changes; a job that can't be undone stays.

        Fewer than `at_once` rows are restored before it returns; more are left to the worker.
        """
        with transaction():
            self.lock_first()
            due.lock(self.kind, [job_id])
            row = self._locked(job_id)
            if not row.begin_undo(database_now(), current_actor(), bound_branch()):
                return row
            if row.changed >= at_once or self.do(row, at_once):
                self.leave_to_worker(row)
            else:
                due.settle(self.kind, [job_id])
            return row
