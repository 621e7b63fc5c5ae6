"""Taking in the people that records of other features tell of."""

from __future__ import annotations

from collections.abc import Sequence

from crm.collection.sources import SourceMixin
from crm.customers.intake import Taken, lock_intake, take_in
from crm.db import transaction
from crm.tenancy import update_many

__all__ = ["collect", "lock_intake"]


def collect(records: Sequence[SourceMixin], source: str, branch_id: int | None) -> dict[int, Taken]:
    """Take in whom records of one kind tell of, and remember in each who that is; return it by the record's id.

    It belongs to the transaction that saves the records, which calls `lock_intake()` before it locks anything else.
    Records that are not to be collected are left out.
    """
    with transaction() as session:
        session.flush()
        wanted = {record.id: record for record in records if not record.do_not_collect}
        taken = take_in([record.intake(source, branch_id) for record in wanted.values()])
        found = dict(zip(wanted, taken, strict=True))
        if records:
            # Past the unit of work, which would read each of them again to write one column.
            update_many(type(records[0]), [{"id": id_, "customer_id": one.customer_id} for id_, one in found.items()])
        return found
