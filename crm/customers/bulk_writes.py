"""What bulk changes write to customers, set by set, and what they find changed since."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.accounts.models import Branch
from crm.customers.bulk_models import SWITCHES, Action, BulkChange, BulkChangeRow
from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.db import database_now
from crm.kernel.events import Event, record_many
from crm.kernel.extensions import db
from crm.kernel.tenancy import update_many

Values = Mapping[str, Any]

_DONE = {
    Action.ACTIVATE: "customer.activated",
    Action.DEACTIVATE: "customer.deactivated",
    Action.ARCHIVE: "customer.archived",
    Action.RESTORE: "customer.restored",
    Action.MOVE: "customer.edited",
}
_OPPOSITE = {
    Action.ACTIVATE: Action.DEACTIVATE,
    Action.DEACTIVATE: Action.ACTIVATE,
    Action.ARCHIVE: Action.RESTORE,
    Action.RESTORE: Action.ARCHIVE,
    Action.MOVE: Action.MOVE,
}


def write(
    change: BulkChange, before: Mapping[int, Values], after: Mapping[int, Values], actor_id: int | None
) -> dict[int, dict[str, Any]]:
    """Give locked customers the values of `after`, with an event for each; return those of `before` as JSON."""
    sets: defaultdict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for id_, values in after.items():
        sets[tuple((name, _read(name, value)) for name, value in values.items())].append(id_)
    now, single = database_now(), []
    for pairs, ids in sets.items():
        values = dict(pairs, updated_at=now)
        if len(ids) == 1:
            single.append({"id": ids[0], **values})
        else:
            statement = sa.update(Customer).where(one_of(Customer.id, ids)).values(**values)
            db.session.execute(statement, execution_options={"synchronize_session": False})
    # Those who were archived one by one have each a moment of their own.
    update_many(Customer, single)
    action = _DONE[change.action if change.undone_at is None else _OPPOSITE[change.action]]
    # As its subject the change tells its own events from what others did to one customer.
    about = {"action": action, "actor_id": actor_id, "subject": BulkChange.__tablename__, "subject_id": change.id}
    earlier = {id_: _plain(values) for id_, values in before.items()}
    record_many(
        [
            {**about, "customer_id": id_, "changes": _changes(values, _plain(after[id_]))}
            for id_, values in earlier.items()
        ]
    )
    return earlier


def existing_branches(ids: Iterable[int]) -> set[int]:
    """Return those that exist, and keep them from being deleted until the transaction ends."""
    statement = sa.select(Branch.id).where(one_of(Branch.id, ids)).order_by(Branch.id)
    return set(db.session.scalars(statement.with_for_update(read=True, key_share=True)))


def changed_later(change: BulkChange, row_ids: Iterable[int]) -> set[int]:
    """Return the customers of locked rows whom a later bulk change moved too, or else switched or archived too."""
    later, its = aliased(BulkChangeRow), aliased(BulkChange)
    is_alike = (its.action == Action.MOVE) == (change.action == Action.MOVE)
    statement = (
        sa.select(BulkChangeRow.customer_id)
        .join(later, later.customer_id == BulkChangeRow.customer_id)
        .join(its, its.id == later.change_id)
        .where(one_of(BulkChangeRow.id, row_ids), later.id > BulkChangeRow.id, is_alike)
    )
    # A bound user sees no changes that others made.
    return set(db.session.scalars(statement, execution_options={"all_branches": True}))


def touched_since(change: BulkChange, ids: Collection[int]) -> set[int]:
    """Return the customers whose changed fields somebody has set since, even to what the change set them to."""
    if change.action in SWITCHES:
        return set()
    fields, touched = change.values().keys(), set()
    statement = sa.select(Event.customer_id, Event.subject, Event.subject_id, Event.changes).where(
        one_of(Event.customer_id, ids), Event.at >= change.created_at
    )
    for row in db.session.execute(statement.order_by(Event.id)):
        if (row.subject, row.subject_id) == (BulkChange.__tablename__, change.id):
            touched.discard(row.customer_id)
        elif row.subject == Customer.__tablename__ and not fields.isdisjoint(row.changes):
            touched.add(row.customer_id)
    return touched


def _changes(before: Values, after: Values) -> dict[str, list[Any]]:
    return {name: [before[name], value] for name, value in after.items() if before[name] != value}


def _plain(values: Values) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in values.items()}


def _read(name: str, value: Any) -> Any:
    return dt.datetime.fromisoformat(value) if name == "archived_at" and isinstance(value, str) else value
