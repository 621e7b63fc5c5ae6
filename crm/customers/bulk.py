"""Bulk changes and their undo. A batch locks its customers in the order of their ids before it changes any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.bulk_models import SWITCHES, Action, BulkChange, BulkChangeRow
from crm.customers.bulk_writes import changed_later, existing_branches, touched_since, write
from crm.customers.filters import Filters, Selection
from crm.customers.models import Customer
from crm.customers.search import find_among, find_ids
from crm.customers.signals import customers_restoring
from crm.kernel.columns import one_of
from crm.kernel.db import locked
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from crm.kernel.work.long_job import StepResult, UndoableJob
from crm.kernel.work.models import JobState

Condition = sa.ColumnElement[bool]


def count_selected(selection: Selection, action: Action, limit: int | None = None) -> int:
    """Count the customers to look at, up to `limit`; a search that over 10,000 share is left out."""
    ids = sa.select(Customer.id).where(*_candidates(selection, action))
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
            row.total = count_selected(selection_of(row), row.action)

    def step(self, row: BulkChange, size: int) -> StepResult:
        if row.to_branch_id is not None and not existing_branches([row.to_branch_id]):
            row.cancel()
            return StepResult(0, False)
        selection = selection_of(row)
        ids = _next_ids(selection, row, size)
        changed, left_out = _change(row, selection, ids)
        row.position = ids[-1] if ids else row.position
        row.changed += changed
        row.left_out += left_out
        return StepResult(len(ids), len(ids) < size)

    def undo_step(self, row: BulkChange, size: int) -> StepResult:
        statement = sa.select(BulkChangeRow.id, BulkChangeRow.customer_id, BulkChangeRow.before)
        statement = statement.where(BulkChangeRow.change_id == row.id).order_by(BulkChangeRow.id)
        rows = db.session.execute(statement.limit(size)).all()
        # Rows of activations that an earlier release wrote have nothing in `before`.
        fallback = {"is_active": row.action != Action.ACTIVATE}
        before = {entry.customer_id: entry.before or fallback for entry in rows}
        row.put_back += _put_back(row, before, [entry.id for entry in rows])
        _delete_rows([entry.id for entry in rows])
        return StepResult(len(rows), len(rows) < size)


BULK = BulkJob()


def _candidates(selection: Selection, action: Action) -> list[Condition]:
    among = _those_for(action)
    if selection.filters is None:
        return [one_of(Customer.id, selection.ids), *among]
    conditions = [*selection.filters.conditions(), *among]
    found = find_ids(selection.filters.q) if selection.filters.terms else None
    return conditions if found is None else [one_of(Customer.id, found), *conditions]


def _those_for(action: Action) -> list[Condition]:
    """Leave archived customers to restoring and moving, and nobody who was merged: they are only a pointer."""
    if action == Action.MOVE:
        return [Customer.merged_into_id.is_(None)]
    if action == Action.RESTORE:
        return [Customer.archived_at.is_not(None), Customer.merged_into_id.is_(None)]
    return [Customer.archived_at.is_(None)]


def _differing(change: BulkChange) -> list[Condition]:
    """Leave out customers who are as the change would make them."""
    if change.action in (Action.ARCHIVE, Action.RESTORE):
        return []
    return [getattr(Customer, name).is_distinct_from(value) for name, value in change.values().items()]


def _next_ids(selection: Selection, change: BulkChange, size: int) -> list[int]:
    statement = sa.select(Customer.id).where(Customer.id > change.position, *_candidates(selection, change.action))
    return list(db.session.scalars(statement.order_by(Customer.id).limit(size)))


def _change(change: BulkChange, selection: Selection, ids: list[int]) -> tuple[int, int]:
    """Change the selected of `ids`; return how many changed, and how many were left out as changed since `as_of`."""
    if selection.filters and selection.filters.terms:
        # `_candidates` leaves out a search that too many customers share.
        ids = sorted(find_among(ids, selection.filters.q))
    wanted = [id_ for id_ in ids if id_ not in selection.excluded]
    if change.action == Action.RESTORE:
        customers_restoring.send(wanted)
    fields = list(change.values())
    rows = db.session.execute(
        locked(
            sa.select(Customer.id, Customer.updated_at, *(getattr(Customer, name) for name in fields))
            .where(
                one_of(Customer.id, wanted),
                *(selection.filters.conditions() if selection.filters else ()),
                *_those_for(change.action),
                *_differing(change),
            )
            .order_by(Customer.id)
        )
    ).all()
    # SQLite's clock has milliseconds: a change in the millisecond of `as_of` may be newer.
    found = [row for row in rows if selection.as_of is None or row.updated_at < selection.as_of]
    before = {row.id: dict(zip(fields, row[2:], strict=True)) for row in found}
    written = write(change, before, dict.fromkeys(before, change.values()), change.user_id)
    insert_many(
        BulkChangeRow,
        [{"change_id": change.id, "customer_id": id_, "before": values} for id_, values in written.items()],
    )
    return len(found), len(rows) - len(found)


def _put_back(change: BulkChange, before: dict[int, dict[str, Any]], row_ids: Sequence[int]) -> int:
    """Put back the customers who are as the change left them; return how many."""
    branches = existing_branches([id_ for values in before.values() if (id_ := values.get("branch_id")) is not None])
    if change.action == Action.ARCHIVE:
        customers_restoring.send(list(before))
    left = change.values()
    conditions = [one_of(Customer.id, before), Customer.merged_into_id.is_(None)]
    conditions += [getattr(Customer, name) == value for name, value in left.items()]
    if change.action in SWITCHES:
        conditions.append(Customer.archived_at.is_(None))
    found = db.session.scalars(locked(sa.select(Customer.id).where(*conditions).order_by(Customer.id))).all()
    kept = changed_later(change, row_ids) | touched_since(change, found)
    ids = [id_ for id_ in found if id_ not in kept and before[id_].get("branch_id") in {None, *branches}]
    write(change, dict.fromkeys(ids, left), {id_: before[id_] for id_ in ids}, change.undone_by_id)
    return len(ids)


def _delete_rows(row_ids: Sequence[int]) -> None:
    statement = sa.delete(BulkChangeRow).where(one_of(BulkChangeRow.id, row_ids))
    db.session.execute(statement, execution_options={"synchronize_session": False})
