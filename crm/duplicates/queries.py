"""Queries of the review queue, of merges, and of the notices on the customer's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.accounts.models import User
from crm.customers.duplicate_pairs import Decision, Duplicate
from crm.customers.models import Customer
from crm.customers.parts import any_of
from crm.duplicates.models import Merge
from crm.duplicates.rules import UNDO_DAYS
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import constant, db_ago, one_of
from crm.kernel.db import prepared, shared
from crm.kernel.extensions import db

PAGE_SIZE = 25
MAX_COUNT = 99
SHOWN = 5
ALL_BRANCHES = {"all_branches": True}


class Queue(NamedTuple):
    """A page of entries, the newest first; `older` is the id before which more follow, None at the end."""

    rows: Sequence[Any]
    older: int | None


class PossibleDuplicate(NamedTuple):
    duplicate_id: int
    other_id: int
    name: str


class RecentMerge(NamedTuple):
    duplicate_id: int
    name: str
    at: dt.datetime


class CustomerNotices(NamedTuple):
    possible: list[PossibleDuplicate]
    recent: list[RecentMerge]


def queue(decision: Decision, before: int | None = None) -> Queue:
    statement = _QUEUE.where(Duplicate.decision == decision.value)
    if before is not None:
        statement = statement.where(Duplicate.id < before)
    if bound_branch() is not None:
        # By the entry: a merged customer has no branch.
        statement = statement.where(Duplicate.is_of_branch())
    rows = db.session.execute(statement, execution_options=ALL_BRANCHES).all()
    return Queue(rows[:PAGE_SIZE], rows[PAGE_SIZE - 1][0].id if len(rows) > PAGE_SIZE else None)


def count_open() -> int:
    """Count the open entries, to MAX_COUNT + 1."""
    return db.session.scalars(_COUNT_OPEN).one()


def people_of(entry: Duplicate) -> tuple[Customer, Customer]:
    found = sa.select(Customer).where(one_of(Customer.id, [entry.first_id, entry.second_id])).order_by(Customer.id)
    first, second = db.session.scalars(found, execution_options=ALL_BRANCHES)
    return first, second


def names_of(customer_ids: Iterable[int]) -> dict[int, str]:
    found = sa.select(Customer.id, Customer.name).where(one_of(Customer.id, customer_ids))
    return {row.id: row.name for row in db.session.execute(found, execution_options=ALL_BRANCHES)}


def final_id(customer_id: int) -> int:
    """Follow the pointers of merged customers to the last survivor."""
    while True:
        found = sa.select(Customer.merged_into_id).where(Customer.id == customer_id)
        into = db.session.scalar(found, execution_options=ALL_BRANCHES)
        if into is None:
            return customer_id
        customer_id = into


def entry_of(one: int, other: int) -> Duplicate | None:
    first, second = sorted((one, other))
    found = sa.select(Duplicate).where(Duplicate.first_id == first, Duplicate.second_id == second)
    return db.session.scalars(found, execution_options=ALL_BRANCHES).one_or_none()


def last_merge(entry: Duplicate) -> Merge | None:
    """Return the latest merge of an entry's two customers, an undone one too."""
    pair = [entry.first_id, entry.second_id]
    found = sa.select(Merge).where(one_of(Merge.kept_id, pair), one_of(Merge.gone_id, pair))
    return db.session.scalars(found.order_by(Merge.id.desc()).limit(1), execution_options=ALL_BRANCHES).first()


def later_merge(merge: Merge) -> Merge | None:
    """Return the latest merge that has to be undone before this one."""
    pair = [merge.kept_id, merge.gone_id]
    found = sa.select(Merge).where(
        Merge.id > merge.id,
        Merge.undone_at.is_(None),
        sa.or_(one_of(Merge.kept_id, pair), one_of(Merge.gone_id, pair)),
    )
    return db.session.scalars(found.order_by(Merge.id.desc()).limit(1), execution_options=ALL_BRANCHES).first()


def merged_into(customer_id: int) -> list[int]:
    """Return the ids of all customers merged into one, also through others."""
    found: list[int] = []
    waiting = [customer_id]
    while waiting:
        pointers = sa.select(Merge.gone_id).where(one_of(Merge.kept_id, waiting), Merge.undone_at.is_(None))
        waiting = list(db.session.scalars(pointers, execution_options=ALL_BRANCHES))
        found += waiting
    return found


def notices_of(customer: Customer) -> CustomerNotices:
    rows = db.session.execute(_NOTICES, {"customer": customer.id}).all() if customer.has("duplicates") else []
    found = CustomerNotices([], [])
    for is_merge, duplicate_id, other_id, name, at in rows:
        if is_merge:
            found.recent.append(RecentMerge(duplicate_id, name, at))
        else:
            found.possible.append(PossibleDuplicate(duplicate_id, other_id, name))
    return found


def _queue() -> sa.Select[*tuple[Any, ...]]:
    first, second = aliased(Customer), aliased(Customer)
    return (
        sa.select(
            Duplicate,
            first.name.label("first_name"),
            second.name.label("second_name"),
            sa.func.coalesce(sa.func.nullif(User.name, ""), User.username).label("decided_by"),
        )
        .join(first, first.id == Duplicate.first_id)
        .join(second, second.id == Duplicate.second_id)
        .outerjoin(User, User.id == Duplicate.decided_by_id)
        .order_by(Duplicate.id.desc())
        .limit(PAGE_SIZE + 1)
    )


def _open(mine: Any, other: Any) -> Any:
    person = aliased(Customer)
    return (
        sa.select(sa.literal(False), Duplicate.id, person.id, person.name, Duplicate.created_at)
        .join(person, person.id == other)
        .where(mine == _CUSTOMER, Duplicate.decision == Decision.OPEN.value)
    )


def _merged() -> Any:
    smaller = sa.case((Merge.kept_id < Merge.gone_id, Merge.kept_id), else_=Merge.gone_id)
    larger = sa.case((Merge.kept_id < Merge.gone_id, Merge.gone_id), else_=Merge.kept_id)
    merged = Customer.__table__.alias("gone")
    is_gone = sa.and_(merged.c.organization_id == Merge.organization_id, merged.c.id == Merge.gone_id)
    return (
        sa.select(sa.literal(True), Duplicate.id, merged.c.id, merged.c.name, Merge.created_at)
        .select_from(Merge)
        .join(merged, is_gone)
        .join(Duplicate, sa.and_(Duplicate.first_id == smaller, Duplicate.second_id == larger))
        .where(
            Merge.kept_id == _CUSTOMER,
            Merge.undone_at.is_(None),
            Merge.created_at > db_ago(dt.timedelta(days=UNDO_DAYS)),
        )
    )


_waiting = sa.select(Duplicate.id).where(Duplicate.decision == constant(Decision.OPEN)).limit(constant(MAX_COUNT + 1))
_COUNT_OPEN = prepared(sa.select(sa.func.count()).select_from(_waiting.subquery()))

_QUEUE = shared(_queue())


_is_open = Duplicate.decision == Decision.OPEN.value
HAS = sa.or_(
    any_of(Duplicate, Duplicate.first_id == Customer.id, _is_open),
    any_of(Duplicate, Duplicate.second_id == Customer.id, _is_open),
    any_of(Merge, Merge.kept_id == Customer.id, Merge.undone_at.is_(None)),
)
"""The condition of customers who may be somebody else, or were merged."""

_CUSTOMER: sa.BindParameter[int] = sa.bindparam("customer")
_NOTICES = prepared(
    sa.union_all(
        *(
            statement.limit(SHOWN).subquery().select()
            for statement in (
                _open(Duplicate.first_id, Duplicate.second_id),
                _open(Duplicate.second_id, Duplicate.first_id),
                _merged().order_by(Merge.id.desc()),
            )
        )
    )
)
"""One statement for all, because the customer's page has many."""
