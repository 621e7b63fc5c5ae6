"""Reads of visits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from crm.invoices.models import Invoice
from crm.invoices.queries import OPEN
from crm.kernel.columns import UtcDateTime, one_of
from crm.kernel.extensions import db
from crm.visits.models import Visit

ALL_BRANCHES = {"all_branches": True}


def days_of(customer_id: int) -> list[dt.date]:
    """Return the days on which a customer was there, the first one first: with a check-in, or an open invoice."""
    return sorted(db.session.scalars(_days(customer_id), execution_options=ALL_BRANCHES))


def number_of_days(customer_id: int) -> int:
    days = _days(customer_id).subquery()
    statement = sa.select(sa.func.count()).select_from(days)
    return db.session.scalars(statement, execution_options=ALL_BRANCHES).one()


def last_check_in(customer_id: int) -> dt.datetime | None:
    statement = sa.select(sa.func.max(Visit.at)).where(Visit.customer_id == customer_id)
    return db.session.scalar(statement, execution_options=ALL_BRANCHES)


def counted(ids: Collection[int]) -> list[tuple[int, int, dt.datetime | None]]:
    """Return the number of days and the last check-in of those of the customers who were there."""
    check_ins = sa.select(Visit.customer_id, Visit.day.label("day"), Visit.at).where(one_of(Visit.customer_id, ids))
    never = sa.null().cast(UtcDateTime())
    invoices = sa.select(Invoice.customer_id, Invoice.date, never).where(one_of(Invoice.customer_id, ids), OPEN)
    days = sa.union_all(check_ins, invoices).subquery()
    each = sa.select(days.c.customer_id, sa.func.count(days.c.day.distinct()), sa.func.max(days.c.at))
    rows = db.session.execute(each.group_by(days.c.customer_id), execution_options=ALL_BRANCHES)
    return [(id_, days, at) for id_, days, at in rows]


def visits_of(customer_id: int) -> sa.Select[Visit]:
    """Return a customer's check-ins, the latest first."""
    return sa.select(Visit).where(Visit.customer_id == customer_id).order_by(Visit.id.desc())


def _days(customer_id: int) -> sa.CompoundSelect[dt.date]:
    """Select the days; a UNION has each once."""
    check_ins = sa.select(Visit.day).where(Visit.customer_id == customer_id)
    invoices = sa.select(Invoice.date).where(Invoice.customer_id == customer_id, OPEN)
    return sa.union(check_ins, invoices)
