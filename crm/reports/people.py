"""Customers by name on pages of reports: who is slipping, and who has bought where there are no scores yet."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.reports.figures import HERE
from crm.reports.models import CustomerScore, ScoreRun
from crm.reports.words import rhythm

SHOWN = 20


class Buyer(NamedTuple):
    """What was known of a customer on the day of the scores; amounts are those of the look-back."""

    id: int
    name: str
    last_day: dt.date
    purchase_days: int
    spent: int
    gap_days: int | None
    as_of: dt.date

    @property
    def days_since(self) -> int:
        return (self.as_of - self.last_day).days

    @property
    def rhythm(self) -> str:
        return rhythm(self.gap_days, self.days_since)


def slipping(run: ScoreRun) -> list[Buyer]:
    """Return the slipping customers who spent most in the look-back."""
    return _best(run, CustomerScore.is_slipping.is_(True))


def buyers(run: ScoreRun) -> list[Buyer]:
    """Return the buyers who spent most in the look-back."""
    return _best(run)


def _best(run: ScoreRun, *conditions: sa.ColumnElement[bool]) -> list[Buyer]:
    columns = (CustomerScore.last_day, CustomerScore.purchase_days, CustomerScore.spent, CustomerScore.gap_days)
    best = sa.select(Customer.id, Customer.name, *columns).join(Customer, Customer.id == CustomerScore.customer_id)
    best = best.where(HERE, *conditions).order_by(CustomerScore.spent.desc(), Customer.id).limit(SHOWN)
    return [Buyer(*row, run.as_of) for row in db.session.execute(best)]
