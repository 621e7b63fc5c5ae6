"""Taking people in from records: at each save, and by scans."""

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
from crm.values.language import N_
from crm.values.language import gettext as _

SCAN_AT_ONCE = 5_000
"""Above it, the worker scans."""

ELSEWHERE = N_("This is a customer of another branch. Nothing was changed. Ask a manager.")


def collect(records: Sequence[SourceMixin], source: str, branch_id: int | None) -> dict[int, Taken]:
    """Take in the people of records and set their customers; return the results by record id.

    Runs in the saving transaction, which calls `lock_intake()` first. Records that are not to be collected are skipped.
    Raises ConflictError when a branch-bound user would change a customer of another branch.
    """
    with transaction() as session:
        session.flush()
        wanted = {record.id: record for record in records if not record.do_not_collect}
        taken = take_in([intake_of_record(record, source, branch_id) for record in wanted.values()])
        found = dict(zip(wanted, taken, strict=True))
        if any(one.is_elsewhere and one.customer_id != wanted[id_].customer_id for id_, one in found.items()):
            raise ConflictError(_(ELSEWHERE))
        _remember(records, found)
        return found


def is_unchanged(source: Source, record: SourceMixin) -> bool:
    """Whether taking the record in would change nothing; False if unsure."""
    model = source.model
    return db.session.scalars(sa.select(is_settled(source)).where(model.id == record.id)).one()


def _remember(records: Sequence[SourceMixin], found: Mapping[int, Taken]) -> None:
    """Set the customers of records without the unit of work, which would read each record again."""
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
    """Take a person in; `duplicates` holds only customers whom the user sees.

    Raises ConflictError for a customer of another branch than the user's.
    """
    with transaction() as session:
        taken = upsert(intake)
        if taken.is_elsewhere:
            raise ConflictError(_(ELSEWHERE))
        seen = set(session.scalars(sa.select(Customer.id).where(Customer.id.in_(taken.duplicates))))
        return taken._replace(duplicates=tuple(id_ for id_ in taken.duplicates if id_ in seen))


def scan_records(cutoff_days: int, request_key: RequestKey | None = None) -> Scan:
    """Scan the records of the last days that the user sees.

    Returns a running scan, if there is one; above SCAN_AT_ONCE the worker scans. Raises KeyReusedError.
    """
    scan, is_new = _start(cutoff_days, request_key)
    return SCAN.run(scan.id) if is_new and not _is_long(scan) else scan


def scan_to_the_end(cutoff_days: int) -> Scan:
    """Scan all records of the last days; a running scan is finished first."""
    while True:
        scan, is_new = _start(cutoff_days, in_foreground=True)
        finished = SCAN.run(scan.id)
        if is_new:
            return finished


def cancel_scan(scan_id: int) -> Scan:
    """Stop a scan after the current batch; customers who were taken in stay."""
    return SCAN.cancel(scan_id)


def _start(
    cutoff_days: int, request_key: RequestKey | None = None, *, in_foreground: bool = False
) -> tuple[Scan, bool]:
    """Return a new scan and True, or the running or repeated one and False."""
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
