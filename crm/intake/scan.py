"""Going through the records that tell of people, a batch in each transaction, without an object for each record.

A batch of one source is one step, and the scan's own position moves in the same transaction: whoever goes on after a
killed worker takes nobody in twice.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from crm.intake.models import Scan, ScanState
from crm.intake.sources import Source, SourceMixin, registered
from crm.intake.unchanged import is_settled
from crm.intake.upsert import AT_ONCE, Taken, take_in
from crm.kernel.bulk_writer import Bulk
from crm.kernel.columns import UtcDateTime, db_now
from crm.kernel.extensions import db
from crm.people.person import Intake

log = logging.getLogger(__name__)


def count(since: dt.datetime) -> int:
    """Return how many records have said something since a moment."""
    counted = (sa.select(sa.func.count()).select_from(_records(source, since).subquery()) for source in registered())
    return sum(db.session.scalars(statement).one() for statement in counted)


def take_step(scan: Scan) -> bool:
    """Look at the next records of a scan that is locked, within the lock of intake; False when that was all."""
    source, rows = _next(scan)
    if source is None:
        scan.state, scan.updated_at = ScanState.DONE, db_now()
        return False
    telling = [row for row in rows if not row.is_settled]
    taken = take_in_each([_intake(source, row) for row in telling], [f"{source.key} {row.id}" for row in telling])
    customers = {
        row.id: one.customer_id
        for row, one in zip(telling, taken, strict=True)
        if one is not None and not one.is_elsewhere and one.customer_id != row.customer_id
    }
    Bulk(db.session()).update(source.model, list(customers), {"customer_id": list(customers.values())})
    # After people were taken in, for that reads everything again.
    scan.source, scan.position_at, scan.position_id = source.key, rows[-1].activity_at, rows[-1].id
    scan.done += len(rows)
    scan.created += sum(one.created for one in taken if one)
    scan.updated += sum(one.updated for one in taken if one)
    scan.updated_at = db_now()
    return True


def take_in_each(intakes: Sequence[Intake], names: Sequence[str]) -> list[Taken | None]:
    """Take people in, whatever is wrong with some of them: these are None, and logged by their names.

    Those who can't be taken in together are halved until the one is found who spoils it.
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


def _next(scan: Scan) -> tuple[Source | None, Sequence[Any]]:
    """Return the next records of the source at hand, or the first ones of the next source that has any."""
    for source in registered():
        if source.key < scan.source:
            continue
        statement = _records(source, scan.since).add_columns(is_settled(source).label("is_settled"))
        if source.key == scan.source and scan.position_at is not None:
            statement = statement.where(_is_after(source.model, scan.position_at, scan.position_id))
        model = source.model
        rows = db.session.execute(statement.order_by(model.activity_at, model.id).limit(AT_ONCE)).all()
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


def _intake(source: Source, row: Any) -> Intake:
    return Intake(
        name=row.name,
        phone=row.phone,
        email=row.email or "",
        passport_number=row.passport_number,
        branch_id=row.branch_id,
        source=source.name,
        last_activity=row.activity_at,
        customer_id=row.customer_id,
        phone_valid=row.phone_valid,
        phone_extension=row.phone_extension,
    )
