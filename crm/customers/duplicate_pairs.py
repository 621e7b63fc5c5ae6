"""Pairs of customers who may be one person."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.customers.models import Customer
from crm.kernel.branch_scope import BOUND, has_one, seen_by_branch, seen_with
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import TenantMixin, insert_many, within_organization
from crm.people.matching import Pair


class Decision(enum.StrEnum):
    OPEN = "open"
    MERGED = "merged"
    SEPARATE = "separate"


class Duplicate(TenantMixin, Base):
    """`shared` and `doubt` are of `matching.Kind` and `matching.Doubt`; `first_id` is the smaller id.

    `value` is the shared key; an e-mail stands only here, because a new customer can't have it too.
    """

    __tablename__ = "duplicates"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "first_id", "second_id", name="uq_duplicates_pair"),
        within_organization("first_id", "customers", ondelete="CASCADE"),
        within_organization("second_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_duplicates_second", "organization_id", "second_id"),
        sa.Index("ix_duplicates_decision", "organization_id", "decision", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    first_id: Mapped[int]
    second_id: Mapped[int]
    shared: Mapped[str] = mapped_column(sa.String(10))
    value: Mapped[str] = mapped_column(sa.String(254))
    doubt: Mapped[str] = mapped_column(sa.String(10))
    decision: Mapped[str] = mapped_column(sa.String(10), default=Decision.OPEN.value)
    decided_at: Mapped[dt.datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]


def _is_seen(id_: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Match a customer of the user's branch, or one merged into the other, who has to be of it."""
    return has_one(Customer, id_, lambda row: sa.or_(row.branch_id == BOUND, row.merged_into_id.is_not(None)))


def _is_pair_seen(row: Any) -> sa.ColumnElement[bool]:
    either = sa.or_(seen_with(Customer, row.first_id), seen_with(Customer, row.second_id))
    return sa.and_(either, _is_seen(row.first_id), _is_seen(row.second_id))


seen_by_branch(Duplicate, _is_pair_seen)


class RecordedPairs(NamedTuple):
    """Pairs that are new, and those that somebody decided are two people."""

    new: set[tuple[int, int]]
    separate: set[tuple[int, int]]


def record_pairs(doubts: Mapping[tuple[int, int], tuple[Pair, str]]) -> RecordedPairs:
    """Record new pairs as open."""
    recorded = known_pairs(doubts)
    entries = [
        {"first_id": ids[0], "second_id": ids[1], "shared": pair.shared.value, "doubt": pair.doubt.value}
        | {"value": value, "decision": Decision.OPEN.value}
        for ids, (pair, value) in doubts.items()
        if ids not in recorded
    ]
    insert_many(Duplicate, entries)
    separate = {ids for ids in doubts if recorded.get(ids) == Decision.SEPARATE}
    return RecordedPairs(set(doubts).difference(recorded), separate)


def known_pairs(pairs: Collection[tuple[int, int]], before: dt.datetime | None = None) -> dict[tuple[int, int], str]:
    """Return the decisions on those of the pairs that are recorded, or were before a moment."""
    if not pairs:
        return {}
    known = sa.select(Duplicate.first_id, Duplicate.second_id, Duplicate.decision)
    known = known.where(one_of(Duplicate.second_id, {second for _, second in pairs}))
    if before is not None:
        known = known.where(Duplicate.created_at < before)
    found = db.session.execute(known, execution_options={"all_branches": True})
    return {(first, second): decision for first, second, decision in found}
