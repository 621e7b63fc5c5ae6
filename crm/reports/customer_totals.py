"""New customers by month, and differences between totals and customers."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.analytics import cohorts
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.customers.totals import FIGURES, SUMS, CustomerTotal
from crm.kernel.extensions import db
from crm.values import clock

MONTHS = 12


class Month(NamedTuple):
    """New customers of a month ("2026-11"), without archived ones."""

    month: str
    customers: int

    @property
    def label(self) -> str:
        return clock.say_month(self.month)


class CounterKey(NamedTuple):
    """A branch (0 for none) and a month of creation."""

    branch_id: int
    month: str


class TotalDifference(NamedTuple):
    branch_id: int
    month: str
    figure: str
    counted: int
    found: int

    def __str__(self) -> str:
        where = f"branch {self.branch_id}" if self.branch_id else "no branch"
        kept = f"{where}, {self.month or 'no month'}: {self.figure} {self.counted:,}"
        return f"{kept}; the customers make {self.found:,}."

    def as_json(self) -> dict[str, Any]:
        return self._asdict()


def new_by_month(branch_id: int | None = None) -> list[Month]:
    """Return the last 12 months of the organization's calendar, the current one last."""
    today = clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()
    names = list(cohorts.latest(today, MONTHS))
    statement = _MONTHS if branch_id is None else _MONTHS_OF_BRANCH
    found = dict(db.session.execute(statement, {"branch": branch_id, "first": names[0]}).all())
    return [Month(name, int(found.get(name, 0))) for name in names]


def count_customers() -> dict[CounterKey, tuple[int, ...]]:
    """Compute the totals by a scan."""
    return {CounterKey(row[0], row[1]): tuple(map(int, row[2:])) for row in db.session.execute(_scan())}


def differences() -> list[TotalDifference]:
    """Compare totals and customers in one statement, which reads one snapshot."""
    kept = sa.select(sa.literal(0), CustomerTotal.branch_id, CustomerTotal.created_month, *SUMS)
    kept = kept.group_by(CustomerTotal.branch_id, CustomerTotal.created_month)
    scanned = _scan().add_columns(sa.literal(1))
    columns = list(scanned.selected_columns)
    rows: Any = db.session.execute(sa.union_all(kept, scanned.with_only_columns(columns[-1], *columns[:-1])))
    both: dict[CounterKey, list[tuple[int, ...]]] = {}
    for row in rows:
        sides = both.setdefault(CounterKey(row[1], row[2]), [_NOTHING, _NOTHING])
        sides[row[0]] = tuple(map(int, row[3:]))
    return [
        TotalDifference(*key, figure, counted, found)
        for key, sides in sorted(both.items())
        for figure, counted, found in zip(FIGURES, *sides, strict=True)
        if counted != found
    ]


def _scan() -> sa.Select[Any]:
    branch, month = sa.func.coalesce(Customer.branch_id, 0), Customer.created_month
    tiers = [sa.func.sum(sa.case((Customer.tier == tier.value, 1), else_=0)) for tier in Tier]
    active = sa.func.sum(sa.case((Customer.is_active, 1), else_=0))
    figures = [sa.func.count(), active, sa.func.sum(Customer.loyalty_points), *tiers]
    return sa.select(branch, month, *figures).where(Customer.archived_at.is_(None)).group_by(branch, month)


_NOTHING = (0,) * len(FIGURES)
_MONTHS = (
    sa.select(CustomerTotal.created_month, sa.func.sum(CustomerTotal.customers))
    .where(CustomerTotal.created_month >= sa.bindparam("first"))
    .group_by(CustomerTotal.created_month)
)
_MONTHS_OF_BRANCH = _MONTHS.where(CustomerTotal.branch_id == sa.bindparam("branch"))
