"""Reads of the ledger, and what does not add up."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from crm.customers.models import Customer
from crm.customers.rules import TotalsDifference
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.loyalty.models import PointsEntry
from crm.loyalty.rules import BOUNDS, earned_key
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.web.filters import number as shown

PANEL_ENTRIES = 10
PAGE_SIZE = 50


class HistoryEntry(NamedTuple):
    entry: PointsEntry
    is_reversed: bool

    @property
    def may_be_reversed(self) -> bool:
        return not (self.is_reversed or self.entry.is_reversal) and self.entry.applied != 0

    @property
    def reason(self) -> str:
        if not self.entry.is_reversal:
            return self.entry.reason
        reason = self.entry.reason.removeprefix("Taken back").removeprefix(": ")
        return _("Taken back: %(reason)s", reason=reason) if reason else _("Taken back")


class History(NamedTuple):
    """Entries, the latest first, and the cursor of the older ones."""

    rows: list[HistoryEntry]
    older: int | None


class Earned(NamedTuple):
    earned: int = 0
    taken_back: int = 0


def earned_under(key: str) -> Earned:
    later = aliased(PointsEntry)
    row = db.session.execute(
        sa.select(PointsEntry.applied, sa.func.coalesce(-later.applied, 0))
        .outerjoin(later, later.reverses_id == PointsEntry.id)
        .where(PointsEntry.key == earned_key(key))
    ).first()
    return Earned(*row) if row else Earned()


def history_of(customer_id: int, limit: int = PAGE_SIZE, before: int | None = None) -> History:
    statement = _OF_CUSTOMER
    if before is not None:
        statement = statement.where(PointsEntry.id < before)
    found = db.session.execute(statement, {"customer": customer_id, "most": limit + 1}).all()
    rows = [HistoryEntry(entry, taken_back) for entry, taken_back in found]
    return History(rows[:limit], rows[limit - 1].entry.id if len(rows) > limit else None)


def panel_data(customer: Customer) -> dict[str, Any]:
    return {"history": history_of(customer.id, PANEL_ENTRIES)}


def count_in_words(customer_id: int) -> str:
    statement = sa.select(sa.func.count(PointsEntry.id)).where(PointsEntry.customer_id == customer_id)
    number = db.session.scalars(statement).one()
    if not number:
        return ""
    return ngettext("%(num)s points entry", "%(num)s points entries", number, num=shown(number))


def differences() -> list[TotalsDifference]:
    """Return where balances, tiers and entries disagree, by customer; each statement reads one snapshot."""
    return sorted([*_wrong_balances(), *_wrong_tiers(), *_wrong_entries()])


def entries(customer_id: int) -> sa.Select[PointsEntry]:
    return sa.select(PointsEntry).where(PointsEntry.customer_id == customer_id).order_by(PointsEntry.id.desc())


def _is_reversed() -> sa.Exists:
    later = aliased(PointsEntry)
    return sa.exists().where(later.reverses_id == PointsEntry.id)


_OF_CUSTOMER = prepared(
    sa.select(PointsEntry, _is_reversed())
    .where(PointsEntry.customer_id == sa.bindparam("customer"))
    .options(joinedload(PointsEntry.created_by))
    .order_by(PointsEntry.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def _wrong_balances() -> list[TotalsDifference]:
    totals = (
        sa.select(PointsEntry.customer_id, sa.func.sum(PointsEntry.applied).label("points"))
        .group_by(PointsEntry.customer_id)
        .subquery()
    )
    total = sa.func.coalesce(totals.c.points, 0)
    rows = db.session.execute(
        sa.select(Customer.id, Customer.loyalty_points, total)
        .outerjoin(totals, totals.c.customer_id == Customer.id)
        .where(Customer.loyalty_points != total)
    )
    return [TotalsDifference(id_, f"has {points} points; the entries make {made}.") for id_, points, made in rows]


def _wrong_tiers() -> list[TotalsDifference]:
    right = sa.case(
        *((Customer.loyalty_points >= bound, tier.value) for tier, bound in BOUNDS), else_=BOUNDS[-1][0].value
    )
    rows = db.session.execute(
        sa.select(Customer.id, Customer.tier, Customer.loyalty_points, right).where(Customer.tier != right)
    )
    return [
        TotalsDifference(id_, f"is {tier}; {points} points make them {expected}.")
        for id_, tier, points, expected in rows
    ]


def _wrong_entries() -> list[TotalsDifference]:
    running = sa.func.sum(PointsEntry.applied).over(partition_by=PointsEntry.customer_id, order_by=PointsEntry.id)
    made = sa.select(PointsEntry.id, PointsEntry.customer_id, PointsEntry.balance, running.label("points")).subquery()
    rows = db.session.execute(sa.select(made).where(made.c.balance != made.c.points))
    return [
        TotalsDifference(row.customer_id, f"had {row.points} points after entry {row.id}, which says {row.balance}.")
        for row in rows
    ]
