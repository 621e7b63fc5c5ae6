"""What is known of single customers: who is slipping, who has bought where there are no scores yet, and of one."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.analytics.rfm import Group
from crm.customers.models import Customer
from crm.customers.parts import any_of
from crm.kernel.extensions import db
from crm.reports.figures import HERE
from crm.reports.models import CustomerScore, ScoreRun
from crm.reports.words import rhythm, usually
from crm.values import clock
from crm.web.filters import today

SHOWN = 20

HAS = any_of(CustomerScore)
"""The condition of customers with scores."""


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


class Known(NamedTuple):
    """`line` says how often they come, and how long ago they came unless they came since the night."""

    group: Group | None
    is_slipping: bool
    line: str


def slipping(run: ScoreRun) -> list[Buyer]:
    """Return the slipping customers who spent most in the look-back."""
    return _best(run, CustomerScore.is_slipping.is_(True))


def buyers(run: ScoreRun) -> list[Buyer]:
    """Return the buyers who spent most in the look-back."""
    return _best(run)


def known_of(customer: Customer) -> Known | None:
    """Return what is known of a customer's purchases; None for who has none, or before the first night."""
    if not customer.has("scores"):
        return None
    score = db.session.scalar(sa.select(CustomerScore).where(CustomerScore.customer_id == customer.id))
    if score is None:
        return None
    zone = clock.zone(current_organization().time_zone)
    came_since = customer.last_order_at and clock.to_local(customer.last_order_at, zone).date() > score.last_day
    line = usually(score.gap_days) if came_since else rhythm(score.gap_days, (today() - score.last_day).days)
    return Known(score.rfm_group, score.is_slipping, line)


def _best(run: ScoreRun, *conditions: sa.ColumnElement[bool]) -> list[Buyer]:
    columns = (CustomerScore.last_day, CustomerScore.purchase_days, CustomerScore.spent, CustomerScore.gap_days)
    best = sa.select(Customer.id, Customer.name, *columns).join(Customer, Customer.id == CustomerScore.customer_id)
    best = best.where(HERE, *conditions).order_by(CustomerScore.spent.desc(), Customer.id).limit(SHOWN)
    return [Buyer(*row, run.as_of) for row in db.session.execute(best)]
