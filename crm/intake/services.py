"""Taking in the people that records of other features tell of: as each is saved, and by scans of all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from crm.customers.locks import lock_intake
from crm.customers.models import Customer
from crm.intake import queries
from crm.intake.models import Scan
from crm.intake.scan import SCAN, count
from crm.intake.sources import Source, SourceMixin, intake_of_record
from crm.intake.unchanged import is_settled
from crm.intake.upsert import Taken, take_in, upsert
from crm.kernel.branch_scope import bound_branch
from crm.kernel.db import database_now, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor, update_many
from crm.people.person import Intake

SCAN_AT_ONCE = 5_000
"""So many records are looked at while whoever asks waits; more are left to the worker."""

ELSEWHERE = "This is a customer of another branch. Nothing was changed. Ask a manager."


def collect(records: Sequence[SourceMixin], source: str, branch_id: int | None) -> dict[int, Taken]:
    """Take in whom records of one kind tell of, and remember in each who that is; return it by the record's id.

    It belongs to the transaction that saves the records, which calls `lock_intake()` before it locks anything else.
    Records that are not to be collected are left out. Raises ConflictError where a user who is bound to a branch tells
    of a customer of another one, unless the record was that customer's before: they stay as they are.
    """
    with transaction() as session:
        session.flush()
        wanted = {record.id: record for record in records if not record.do_not_collect}
        taken = take_in([intake_of_record(record, source, branch_id) for record in wanted.values()])
        found = dict(zip(wanted, taken, strict=True))
        if any(one.is_elsewhere and one.customer_id != wanted[id_].customer_id for id_, one in found.items()):
            raise ConflictError(ELSEWHERE)
        _remember(records, found)
        return found


def is_unchanged(source: Source, record: SourceMixin) -> bool:
    """Say whether taking a record in would change nobody; it says no where it can't tell."""
    model = source.model
    return db.session.scalars(sa.select(is_settled(source)).where(model.id == record.id)).one()


def _remember(records: Sequence[SourceMixin], found: Mapping[int, Taken]) -> None:
    """Write who each record is past the unit of work, which would read each of them again to write one column."""
    changed = [
        (record, found[record.id].customer_id)
        for record in records
        if record.id in found and record.customer_id != found[record.id].customer_id
    ]
    if changed:
        update_many(type(records[0]), [{"id": record.id, "customer_id": id_} for record, id_ in changed])
    for record, id_ in changed:
        set_committed_value(record, "customer_id", id_)
        db.session.expire(record, ["customer"])


def add(intake: Intake) -> Taken:
    """Take in whom somebody tells of; `duplicates` of the answer are those whom the user sees.

    Who is bound to a branch does not move a customer of another one to theirs: raises ConflictError.
    """
    with transaction() as session:
        taken = upsert(intake)
        if taken.is_elsewhere:
            raise ConflictError(ELSEWHERE)
        seen = set(session.scalars(sa.select(Customer.id).where(Customer.id.in_(taken.duplicates))))
        return taken._replace(duplicates=tuple(id_ for id_ in taken.duplicates if id_ in seen))


def scan_records(cutoff_days: int, request_key: RequestKey | None = None) -> Scan:
    """Take in whom the records of the last days tell of, all of whom the user sees.

    Returns the scan under way, if there is one. Where there is more than SCAN_AT_ONCE to look at, the worker does it
    and the answer `is_under_way`. Raises KeyReusedError.
    """
    scan, is_new = _start(cutoff_days, request_key)
    return SCAN.run(scan.id) if is_new and not _is_long(scan) else scan


def scan_to_the_end(cutoff_days: int) -> Scan:
    """Take in whom the records of the last days tell of, however many; a scan under way is brought to its end first."""
    while True:
        scan, is_new = _start(cutoff_days, in_foreground=True)
        finished = SCAN.run(scan.id)
        if is_new:
            return finished


def cancel_scan(scan_id: int) -> Scan:
    """End a scan after the batch that is under way; who was taken in stays."""
    return SCAN.cancel(scan_id)


def _start(
    cutoff_days: int, request_key: RequestKey | None = None, *, in_foreground: bool = False
) -> tuple[Scan, bool]:
    """Return a new scan and True, or the one that was made by this request or is under way, and False."""
    with transaction() as session:
        lock_intake()
        once = Once(request_key)
        earlier = queries.under_way() if once.earlier is None else once.found(Scan)
        if earlier is not None:
            once.made(earlier.id)
            return earlier, False
        since = database_now() - dt.timedelta(days=cutoff_days)
        scan = Scan(
            user_id=current_actor(),
            branch_id=bound_branch(),
            cutoff_days=cutoff_days,
            since=since,
            total=count(since),
        )
        session.add(scan)
        session.flush()
        once.made(scan.id)
        if _is_long(scan) and not in_foreground:
            SCAN.leave_to_worker(scan)
        else:
            SCAN.keep_in_foreground(scan)
        return scan, True


def _is_long(scan: Scan) -> bool:
    return (scan.total or 0) > SCAN_AT_ONCE
