"""The job of the worker that reads a file and checks its rows."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.imports.check import CHOSEN_ORDERS, check_batch, next_rows
from crm.imports.cleaning import study
from crm.imports.commit import IMPORT
from crm.imports.mapping import columns_of
from crm.imports.models import Import, ImportRow, added
from crm.imports.reading_job import read_file
from crm.imports.states import WAITING_FOR_CHECK, ImportState
from crm.kernel.columns import db_now
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.kernel.work.long_job import LongJob, StepResult, work_lease
from crm.values import clock

CELLS_AT_ONCE = 5_000


class CheckJob(LongJob[Import]):
    """Reads the file, then checks its rows; a check that stands goes on to the commit where that was asked for."""

    kind, path, model = "import check", "crm.imports.jobs.go_on_check", Import
    pause = 0.02

    def go_on(self, job_id: int, lease: dt.timedelta = dt.timedelta(0)) -> bool:
        if _is_uploaded(job_id):
            return read_file(self.kind, job_id, work_lease(), lease)
        return super().go_on(job_id, lease)

    def step(self, row: Import, size: int) -> StepResult:
        if row.state == ImportState.MAPPED:
            begin_check(row)
        rows = next_rows(row.id, row.position, size)
        row.verdicts = added(row.verdicts, check_batch(row, rows))
        row.position = rows[-1].number if rows else row.position
        return StepResult(len(rows), len(rows) < size)

    def do(self, row: Import, size: int) -> bool:
        if row.state not in WAITING_FOR_CHECK:
            return False
        looked, is_last = self.step(row, size)
        row.looked += looked
        if is_last:
            row.state = ImportState.CHECKED
            if row.commits_itself:
                row.begin_commit(database_now())
                IMPORT.leave_to_worker(row)
        return not is_last

    def _find_due(self) -> Import | None:
        statement = sa.select(Import).join(due.DueWork, due.DueWork.subject_id == Import.id)
        statement = statement.where(due.DueWork.kind == self.kind, due.DueWork.due_at <= db_now())
        return db.session.scalars(statement.order_by(Import.id).limit(1)).first()


CHECK = CheckJob()


def begin_check(row: Import) -> None:
    """Learn how the days of the file are written, and begin with its first row."""
    organization, columns = current_organization(), columns_of(row.columns)
    days = {at for at, field in columns.items() if field == "birthday"}
    rows = _all_cells(row.id) if days else ()
    today = clock.to_local(clock.utcnow(), clock.zone(organization.time_zone)).date().isoformat()
    about: dict[str, Any] = {"region": organization.phone_region, "locale": organization.locale, "today": today}
    studied = study(rows, columns, row.headers, is_1904=bool(row.table.get("is_1904")), **about)
    context, kept = studied.context, row.context
    orders = {int(at): order for at, order in (kept.get(CHOSEN_ORDERS) or {}).items() if int(at) in days}
    clear_blank = tuple(kept.get("clear_blank") or ())
    context = dataclasses.replace(context, date_orders={**context.date_orders, **orders}, clear_blank=clear_blank)
    row.context = {**context.to_json(), CHOSEN_ORDERS: kept.get(CHOSEN_ORDERS) or {}}
    row.questions = [question._asdict() for question in studied.questions]
    row.begin_check(database_now())


def _is_uploaded(job_id: int) -> bool:
    with transaction() as session:
        state = session.scalars(sa.select(Import.state).where(Import.id == job_id)).one()
    return state == ImportState.UPLOADED


def _all_cells(import_id: int) -> Iterator[list[str]]:
    last = 0
    statement = sa.select(ImportRow.number, ImportRow.cells).where(ImportRow.import_id == import_id)
    statement = statement.order_by(ImportRow.number).limit(CELLS_AT_ONCE)
    while rows := db.session.execute(statement.where(ImportRow.number > last)).all():
        for number, cells in rows:
            last = number
            yield cells
