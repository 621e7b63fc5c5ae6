"""Bulk activation and its undo. A batch locks its customers in the order of their ids before it changes any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.customers.bulk_models import BulkChange, BulkChangeRow
from crm.customers.filters import Filters, Selection
from crm.customers.models import Customer
from crm.customers.search import find_among, find_ids
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import locked
from crm.kernel.events import record_many
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from crm.kernel.work.long_job import StepResult, UndoableJob
from crm.kernel.work.models import JobState

Condition = sa.ColumnElement[bool]


def count_selected(selection: Selection, limit: int | None = None) -> int:
    """Count the customers to look at, up to `limit`; a search that over 10,000 share is left out."""
    ids = sa.select(Customer.id).where(*_candidates(selection))
    counted = (ids.limit(limit) if limit else ids).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


def selection_of(change: BulkChange) -> Selection:
    if change.query is None:
        return Selection.of(change.customer_ids)
    return Selection.matching(Filters.from_args(change.query), change.excluded, change.as_of)


class BulkJob(UndoableJob[BulkChange]):
    kind, path, model = "bulk", "crm.customers.jobs.go_on_bulk", BulkChange

    def prepare(self, row: BulkChange) -> None:
        if row.state == JobState.WORKING and row.query is not None:
            row.total = count_selected(selection_of(row))

    def step(self, row: BulkChange, size: int) -> StepResult:
        selection = selection_of(row)
        ids = _next_ids(selection, row.position, size)
        changed, left_out = _change(row, selection, ids)
        row.position = ids[-1] if ids else row.position
        row.changed += changed
        row.left_out += left_out
        return StepResult(len(ids), len(ids) < size)

    def undo_step(self, row: BulkChange, size: int) -> StepResult:
        statement = sa.select(BulkChangeRow.id).where(BulkChangeRow.change_id == row.id).order_by(BulkChangeRow.id)
        row_ids = db.session.scalars(statement.limit(size)).all()
        found = db.session.scalars(
            locked(
                sa.select(Customer.id)
                .join(BulkChangeRow, BulkChangeRow.customer_id == Customer.id)
                .where(
                    one_of(BulkChangeRow.id, row_ids),
                    Customer.archived_at.is_(None),
                    Customer.is_active.is_(row.activates),
                    ~_changed_later(),
                )
                .order_by(Customer.id),
                of=Customer,
            )
        ).all()
        _set_active(found, not row.activates, row.undone_by_id)
        _delete_rows(row_ids)
        row.put_back += len(found)
        return StepResult(len(row_ids), len(row_ids) < size)


BULK = BulkJob()


def _candidates(selection: Selection) -> list[Condition]:
    if selection.filters is None:
        return [one_of(Customer.id, selection.ids), Customer.archived_at.is_(None)]
    conditions = [*selection.filters.conditions(), Customer.archived_at.is_(None)]
    found = find_ids(selection.filters.q) if selection.filters.terms else None
    return conditions if found is None else [one_of(Customer.id, found), *conditions]


def _next_ids(selection: Selection, position: int, size: int) -> list[int]:
    statement = sa.select(Customer.id).where(Customer.id > position, *_candidates(selection))
    return list(db.session.scalars(statement.order_by(Customer.id).limit(size)))


def _change(change: BulkChange, selection: Selection, ids: list[int]) -> tuple[int, int]:
    """Change the selected of `ids`; return how many changed, and how many were left out as changed since `as_of`."""
    if selection.filters and selection.filters.terms:
        # `_candidates` leaves out a search that too many customers share.
        ids = sorted(find_among(ids, selection.filters.q))
    wanted = [id_ for id_ in ids if id_ not in selection.excluded]
    rows = db.session.execute(
        locked(
            sa.select(Customer.id, Customer.updated_at)
            .where(
                one_of(Customer.id, wanted),
                *(selection.filters.conditions() if selection.filters else ()),
                Customer.archived_at.is_(None),
                Customer.is_active.is_(not change.activates),
            )
            .order_by(Customer.id)
        )
    ).all()
    # SQLite's clock has milliseconds: a change in the millisecond of `as_of` may be newer.
    found = [row.id for row in rows if selection.as_of is None or row.updated_at < selection.as_of]
    _set_active(found, change.activates, change.user_id)
    insert_many(BulkChangeRow, [{"change_id": change.id, "customer_id": id_} for id_ in found])
    return len(found), len(rows) - len(found)


def _changed_later() -> sa.Exists:
    later = aliased(BulkChangeRow)
    return sa.exists().where(later.customer_id == Customer.id, later.id > BulkChangeRow.id)


def _set_active(ids: Sequence[int], active: bool, actor_id: int | None) -> None:
    statement = sa.update(Customer).where(one_of(Customer.id, ids)).values(is_active=active, updated_at=db_now())
    db.session.execute(statement, execution_options={"synchronize_session": False})
    about: dict[str, Any] = {"action": "customer.activated" if active else "customer.deactivated", "actor_id": actor_id}
    about |= {"subject": Customer.__tablename__, "changes": {"is_active": [not active, active]}}
    record_many([{**about, "subject_id": id_, "customer_id": id_} for id_ in ids])


def _delete_rows(row_ids: Sequence[int]) -> None:
    statement = sa.delete(BulkChangeRow).where(one_of(BulkChangeRow.id, row_ids))
    db.session.execute(statement, execution_options={"synchronize_session": False})
