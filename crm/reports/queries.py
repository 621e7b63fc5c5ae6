"""Reads of what customers bought, and of their scores."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.invoices.models import Invoice
from crm.invoices.queries import OPEN
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.reports.buying import Buying, Period, buying_of
from crm.reports.models import CustomerScore, ReportSettings, ScoreRun
from crm.reports.rules import LOOK_BACK_MONTHS, MARGIN, since
from crm.values import clock

ALL_BRANCHES = {"all_branches": True}
ROWS_AT_ONCE = 5_000


def latest_run() -> ScoreRun | None:
    return db.session.scalars(sa.select(ScoreRun)).one_or_none()


def settings_here() -> ReportSettings:
    chosen = db.session.scalars(sa.select(ReportSettings)).one_or_none()
    return chosen or ReportSettings(look_back_months=LOOK_BACK_MONTHS, margin=MARGIN)


def period_now() -> Period:
    """Return the period until today, the organization's date."""
    today = clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()
    return Period(today, since(today, settings_here().look_back_months))


def period_of(run: ScoreRun) -> Period:
    return Period(run.as_of, type(run.as_of).fromisoformat(run.found["since"]))


def buyings(period: Period, ids: Collection[int] | None = None) -> Iterator[Buying]:
    """Return what each customer bought, of all or of some, by their ids; archived customers are left out."""
    days = (
        sa.select(Invoice.customer_id, Invoice.date, sa.func.sum(Invoice.amount))
        .join(Customer, Customer.id == Invoice.customer_id)
        .where(OPEN, Invoice.amount > 0, Invoice.currency == current_organization().currency)
        .where(Invoice.date <= period.as_of, Customer.archived_at.is_(None))
        .group_by(Invoice.customer_id, Invoice.date)
        .order_by(Invoice.customer_id, Invoice.date)
    )
    if ids is not None:
        days = days.where(one_of(Invoice.customer_id, ids))
    rows = db.session.execute(days, execution_options=ALL_BRANCHES | {"yield_per": ROWS_AT_ONCE})
    for customer_id, group in itertools.groupby(rows, key=lambda row: row[0]):
        yield buying_of(customer_id, [(day, int(amount)) for _, day, amount in group], period)


def currencies_left_out() -> dict[str, int]:
    """Return by currency how many open invoices are in another one than the organization's."""
    other = sa.select(Invoice.currency, sa.func.count()).where(
        OPEN, Invoice.currency != current_organization().currency
    )
    rows = db.session.execute(other.group_by(Invoice.currency).order_by(Invoice.currency))
    return {row[0]: row[1] for row in rows}


def kept_rows() -> Iterator[dict[str, Any]]:
    """Return the scores of all customers that are not archived, as rows by the names of columns."""
    columns = [column for column in CustomerScore.__table__.columns if column.name not in ("id", "organization_id")]
    attributes = [getattr(CustomerScore, column.name) for column in columns]
    scores = sa.select(*attributes).join(Customer, Customer.id == CustomerScore.customer_id)
    scores = scores.where(Customer.archived_at.is_(None)).order_by(CustomerScore.customer_id)
    for row in db.session.execute(scores, execution_options=ALL_BRANCHES | {"yield_per": ROWS_AT_ONCE}):
        yield dict(row._mapping)


def changed_since(run: ScoreRun) -> set[int]:
    """Return the customers of whom an invoice changed since, which counts from the next night on."""
    moments = (Invoice.created_at, Invoice.edited_at, Invoice.voided_at)
    changed = sa.select(Invoice.customer_id).where(sa.or_(*(moment >= run.computed_at for moment in moments)))
    return set(db.session.scalars(changed, execution_options=ALL_BRANCHES))
