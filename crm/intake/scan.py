"""The scan of records that tell of people: a long job without objects per record."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from crm.customers.locks import lock_intake
from crm.intake.models import Scan
from crm.intake.sources import Source, SourceMixin, intake_of_record, registered
from crm.intake.unchanged import is_settled
from crm.intake.upsert import AT_ONCE, Taken, take_in
from crm.kernel.bulk_writer import Bulk
from crm.kernel.columns import UtcDateTime
from crm.kernel.extensions import db
from crm.kernel.work.long_job import LongJob, StepResult
from crm.people.person import Intake

log = logging.getLogger(__name__)


def count(since: dt.datetime) -> int:
    counted = (sa.select(sa.func.count()).select_from(_records(source, since).subquery()) for source in registered())
    return sum(db.session.scalars(statement).one() for statement in counted)


class ScanJob(LongJob[Scan]):
    kind, path, model = "scan", "crm.intake.jobs.go_on_scan", Scan
    batch_size, pause = AT_ONCE, 0.02

    def lock_first(self) -> None:
        lock_intake()

    def step(self, row: Scan, size: int) -> StepResult:
        """Take in the people of the next records of one source."""
        source, rows = _next(row, size)
        if source is None:
            return StepResult(0, is_last=True)
        telling = [one for one in rows if not one.is_settled]
        intakes = [intake_of_record(one, source.name, one.branch_id) for one in telling]
        taken = take_in_each(intakes, [f"{source.key} {one.id}" for one in telling])
        customers = {
            record.id: one.customer_id
            for record, one in zip(telling, taken, strict=True)
            if one is not None and not one.is_elsewhere and one.customer_id != record.customer_id
        }
        Bulk(db.session()).update(source.model, list(customers), {"customer_id": list(customers.values())})
        # After people were taken in, for that reads everything again.
        row.source, row.position_at, row.position_id = source.key, rows[-1].activity_at, rows[-1].id
        row.created += sum(one.created for one in taken if one)
        row.updated += sum(one.updated for one in taken if one)
        return StepResult(len(rows), is_last=False)


SCAN = ScanJob()


def take_in_each(intakes: Sequence[Intake], names: Sequence[str]) -> list[Taken | None]:
    """Take people in; failing ones are logged by name and returned as None.

    A failing batch is halved until the failing one is found.
    """
    if not intakes:
        return []
    try:
        with db.session.begin_nested():
            return list(take_in(intakes))
    except OperationalError:
        raise  # it is the database that is not there, and everything is tried again
    except Exception:
        # Whatever one record brings up, the others are taken in.
        if len(intakes) == 1:
            log.exception("%s was not taken in", names[0])
            return [None]
    half = len(intakes) // 2
    return take_in_each(intakes[:half], names[:half]) + take_in_each(intakes[half:], names[half:])


def _next(scan: Scan, size: int) -> tuple[Source | None, Sequence[Any]]:
    """Return the next records of the current source, or of the next one with records."""
    for source in registered():
        if source.key < scan.source:
            continue
        statement = _records(source, scan.since).add_columns(is_settled(source).label("is_settled"))
        if source.key == scan.source and scan.position_at is not None:
            statement = statement.where(_is_after(source.model, scan.position_at, scan.position_id))
        model = source.model
        rows = db.session.execute(statement.order_by(model.activity_at, model.id).limit(size)).all()
        if rows:
            return source, rows
    return None, ()


def _records(source: Source, since: dt.datetime) -> sa.Select[Any]:
    model = source.model
    columns: tuple[Any, ...] = (
        *(model.id, model.name, model.phone, model.phone_valid, model.phone_extension, model.email),
        model.passport_number,
        *(model.activity_at, model.customer_id),
        source.branch.label("branch_id"),
    )
    statement = sa.select(*columns).select_from(model)
    if source.via is not None:
        statement = statement.join(source.via)
    return statement.where(model.activity_at >= since, ~model.do_not_collect)


def _is_after(model: type[SourceMixin], at: dt.datetime, id_: int) -> sa.ColumnElement[bool]:
    place = sa.tuple_(sa.literal(at, UtcDateTime()), sa.literal(id_))
    return sa.tuple_(model.activity_at, model.id) > place
