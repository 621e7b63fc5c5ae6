"""Figures of reports, counted by the same conditions as the lists that they link to."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.analytics import cohorts, rfm
from crm.analytics.backtest import BackTest
from crm.analytics.rfm import FEWEST_BUYERS, Group
from crm.customers.models import Customer
from crm.customers.totals import totals
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.reports.models import CustomerScore, ScoreRun
from crm.reports.queries import latest_run
from crm.reports.rules import LOOK_BACK_MONTHS, MARGIN, about
from crm.reports.scoring import foretells
from crm.reports.words import GROUPS
from crm.values import clock

COHORTS = 13
"""Months of first purchases that are shown: those of a year, and the one that is not over."""

FEW = 10
"""Below so many people a share says little: it is shown in grey."""

HERE = Customer.archived_at.is_(None)


class Figures(NamedTuple):
    """Sums of a group of buyers: `customers` are rows of the list, amounts are the organization's."""

    customers: int = 0
    spent: int = 0
    spent_ever: int = 0
    expected: int = 0
    come_back: int = 0
    slipping: int = 0

    def __add__(self, other: Any) -> Figures:
        return Figures(*(a + b for a, b in zip(self, other, strict=True)))


class Cohort(NamedTuple):
    """Customers by the month of their first purchase.

    came: how many came in each calendar month after it that is over. within: how many came back within so many days,
    of a cohort that was observed as long.
    """

    month: str
    customers: int
    came: Sequence[int]
    within: Mapping[int, int]

    @property
    def label(self) -> str:
        return clock.say_month(self.month)


class Report(NamedTuple):
    """What is known of buyers. `groups` and `cells` are empty below 25 of them, the best group is first.

    cells: by R, and by the mean of F and M rounded up.
    """

    run: ScoreRun | None
    groups: Mapping[Group, Figures]
    cells: Mapping[tuple[int, int], Figures]
    all: Figures

    @property
    def has_scores(self) -> bool:
        return self.run is not None and self.run.buyers >= FEWEST_BUYERS

    @property
    def found(self) -> Mapping[str, Any]:
        return self.run.found if self.run else {}

    @property
    def months(self) -> int:
        """The length of the look-back."""
        months: int = self.found.get("months", LOOK_BACK_MONTHS)
        return months

    @property
    def margin(self) -> int:
        """In percent."""
        margin: int = self.found.get("margin", MARGIN)
        return margin

    @property
    def backtest(self) -> BackTest | None:
        test = self.found.get("backtest")
        return BackTest(**test) if test else None

    @property
    def foretells(self) -> bool:
        return bool(self.run) and foretells(self.found)

    @property
    def foretells_money(self) -> bool:
        return self.foretells and bool(self.found.get("spending"))

    @property
    def expected(self) -> int:
        """What the next 12 months bring, about."""
        return about(self.all.expected)

    @property
    def come_back(self) -> int:
        """How many come back within 90 days, about."""
        return round(self.all.come_back / 1_000)


def report() -> Report:
    run = latest_run()
    rows = [(row[:3], Figures(*map(int, row[3:]))) for row in db.session.execute(_by_scores())] if run else []
    bought = sum((figures for _, figures in rows), Figures())
    if run is None or run.buyers < FEWEST_BUYERS:
        return Report(run, {}, {}, bought)
    cells = {(r, fm): Figures() for r in rfm.GROUPS for fm in rfm.GROUPS[r]}
    groups = {group: Figures() for group in GROUPS}
    for (r, f, m), figures in rows:
        scores = rfm.Scores(r, f, m)
        cells[r, scores.fm] += figures
        groups[scores.group] += figures
    groups[Group.PROSPECTS] = Figures(totals().customers - bought.customers)
    return Report(run, groups, cells, bought)


def cohorts_of(as_of: dt.date) -> list[Cohort]:
    """Return the last cohorts, the oldest first; those without customers too."""
    months = list(cohorts.latest(as_of, COHORTS))
    number = sa.func.count()
    rows = sa.select(CustomerScore.cohort, CustomerScore.months, CustomerScore.back_after, number)
    rows = rows.join(Customer, Customer.id == CustomerScore.customer_id).where(HERE, CustomerScore.cohort >= months[0])
    rows = rows.group_by(CustomerScore.cohort, CustomerScore.months, CustomerScore.back_after)
    customers: Counter[str] = Counter()
    came: Counter[tuple[str, int]] = Counter()
    within: Counter[tuple[str, int]] = Counter()
    for cohort, mask, back_after, count in db.session.execute(rows):
        customers[cohort] += count
        came.update({(cohort, after): count for after in range(1, COHORTS) if mask >> after & 1})
        within.update({(cohort, days): count for days in cohorts.WITHIN if back_after and back_after <= days})
    return [
        Cohort(
            month,
            customers[month],
            [came[month, after] for after in range(1, cohorts.months_shown(month, as_of) + 1)],
            {days: within[month, days] for days in cohorts.WITHIN if cohorts.is_observed(month, days, as_of)},
        )
        for month in months
    ]


def of_customers(rows: Sequence[Customer]) -> Mapping[int, Mapping[str, Any]]:
    """Return the scores of a page of customers as the API shows them, by one statement."""
    is_theirs = sa.and_(
        CustomerScore.organization_id == ScoreRun.organization_id,
        one_of(CustomerScore.customer_id, [row.id for row in rows]),
    )
    columns = (
        CustomerScore.customer_id,
        CustomerScore.last_day,
        CustomerScore.purchase_days,
        CustomerScore.spent,
        CustomerScore.r,
        CustomerScore.f,
        CustomerScore.m,
        CustomerScore.rfm_group,
    )
    statement = sa.select(ScoreRun.as_of, ScoreRun.buyers, *columns).outerjoin(CustomerScore, is_theirs)
    found = db.session.execute(statement).all()
    if not found or found[0].buyers < FEWEST_BUYERS:
        return {row.id: {"rfm": None} for row in rows}
    scores = {one.customer_id: one for one in found}
    return {row.id: {"rfm": _scores(scores[row.id]) if row.id in scores else NEVER_BOUGHT} for row in rows}


NEVER_BOUGHT: Mapping[str, Any] = {
    **dict.fromkeys(("recency_days", "r", "f", "m")),
    "purchase_days": 0,
    "spent": 0,
    "group": Group.PROSPECTS,
}


def _scores(row: Any) -> dict[str, Any]:
    days = (row.as_of - row.last_day).days
    known = {name: getattr(row, name) for name in ("purchase_days", "spent", "r", "f", "m")}
    return {"recency_days": days, **known, "group": row.rfm_group}


def _by_scores() -> sa.Select[Any]:
    def sum_of(column: Any) -> Any:
        return sa.func.coalesce(sa.func.sum(column), 0)

    slipping = sa.case((CustomerScore.is_slipping, 1), else_=0)
    sums = [sum_of(getattr(CustomerScore, name)) for name in ("spent", "spent_ever", "expected", "comes_back")]
    scores = (CustomerScore.r, CustomerScore.f, CustomerScore.m)
    figures = sa.select(*scores, sa.func.count(), *sums, sum_of(slipping))
    figures = figures.join(Customer, Customer.id == CustomerScore.customer_id).where(HERE)
    return figures.group_by(*scores)
