"""Reads of leads for lists, reminders and the customer's page."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.kernel.columns import db_now
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.leads.models import CommitmentState, FollowUp, Lead, LeadStatus, LoanCommitment

COUNTED = 1_000
"""The highest exact count of reminders."""

SHOWN = 20


@dataclass(frozen=True)
class DueLeads:
    """Due follow-ups and overdue commitments, and their number.

    `marks` change with everything that is shown; rows are read on demand.
    """

    marks: tuple[tuple[Any, ...], ...]
    count: int

    @cached_property
    def rows(self) -> list[FollowUp | LoanCommitment]:
        """Return the follow-ups, then the commitments, each by time."""
        return [*self._of(FollowUp), *self._of(LoanCommitment)]

    def _of(self, model: type[Any]) -> list[Any]:
        ids = [mark[1] for mark in self.marks if mark[0] == model.__tablename__]
        if not ids:
            return []
        rows = db.session.scalars(sa.select(model).where(model.id.in_(ids)).options(joinedload(model.lead)))
        by_id = {row.id: row for row in rows}
        return [by_id[id_] for id_ in ids if id_ in by_id]


def follow_ups_of(lead_id: int, limit: int = 100) -> list[FollowUp]:
    """Return open follow-ups by time, then done ones, the latest first."""
    statement = sa.select(FollowUp).where(FollowUp.lead_id == lead_id).options(joinedload(FollowUp.done_by))
    rows = db.session.scalars(statement.order_by(FollowUp.done_at.is_not(None), FollowUp.id.desc()).limit(limit)).all()
    open_ = sorted((row for row in rows if not row.is_done), key=lambda row: (row.due_at or row.created_at, row.id))
    done = sorted((row for row in rows if row.is_done), key=lambda row: (row.done_at or row.created_at, row.id))
    return [*open_, *reversed(done)]


def commitments_of(lead_id: int, limit: int = 100) -> list[LoanCommitment]:
    """Return open commitments by day, then settled ones."""
    is_open = LoanCommitment.state == CommitmentState.OPEN
    statement = sa.select(LoanCommitment).where(LoanCommitment.lead_id == lead_id)
    statement = statement.options(joinedload(LoanCommitment.settled_by))
    order = (is_open.desc(), LoanCommitment.promised_date, LoanCommitment.id)
    return list(db.session.scalars(statement.order_by(*order).limit(limit)))


def leads_of(customer_id: int, limit: int = SHOWN) -> list[Lead]:
    return list(db.session.scalars(_OF_CUSTOMER, {"customer": customer_id, "most": limit}))


def count_leads_of(customer_id: int) -> int:
    return db.session.scalars(sa.select(sa.func.count(Lead.id)).where(Lead.customer_id == customer_id)).one()


def due_leads(today: dt.date) -> DueLeads:
    found = db.session.execute(_first_due(), {"today": today}).all()
    return DueLeads(tuple(tuple(row[1:]) for row in found), sum({row.kind: row.number for row in found}.values()))


def parts_of_lead(model: type[FollowUp] | type[LoanCommitment], lead_id: int) -> sa.Select[Any]:
    return sa.select(model).where(model.lead_id == lead_id).order_by(model.id.desc())


_OF_CUSTOMER = prepared(
    sa.select(Lead)
    .where(Lead.customer_id == sa.bindparam("customer"))
    .order_by(Lead.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


@functools.cache
def _first_due() -> sa.Select[Any]:
    """Built once: every home page executes it."""
    parts = [
        _part(FollowUp, FollowUp.due_at, FollowUp.done_at.is_(None), FollowUp.due_at <= db_now()),
        _part(
            LoanCommitment,
            LoanCommitment.promised_date,
            sa.literal_column("loan_commitments.state = 'open'"),
            LoanCommitment.promised_date < sa.bindparam("today", type_=sa.Date),
        ),
    ]
    found = sa.union_all(*(sa.select(part) for part in parts)).subquery()
    return prepared(sa.select(found).order_by(found.c.kind, found.c.place))


def _part(model: type[Any], order: Any, *conditions: Any) -> Any:
    due = (
        sa.select(model.id, model.updated_at, order.label("at"), Lead.updated_at.label("lead_updated_at"))
        .join(Lead, Lead.id == model.lead_id)
        .where(*conditions, Lead.status != LeadStatus.LOST)
        .order_by(order, model.id)
        .limit(COUNTED)
        .subquery()
    )
    number = sa.func.count().over()
    place = sa.func.row_number().over(order_by=(due.c.at, due.c.id))
    kind = sa.literal(model.__tablename__)
    counted = sa.select(
        number.label("number"),
        kind.label("kind"),
        due.c.id,
        due.c.updated_at,
        due.c.lead_updated_at,
        place.label("place"),
    ).subquery()
    return sa.select(counted).where(counted.c.place <= SHOWN).subquery()
