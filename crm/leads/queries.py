"""Reads of leads for lists, reminders and the customer's page."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.customers.parts import any_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.leads.models import CommitmentState, FollowUp, Lead, LoanCommitment

SHOWN = 20
SHOWN_BESIDE = joinedload(Lead.customer), joinedload(Lead.branch), joinedload(Lead.assigned_to)
"""What a lead's page shows of others."""


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


def parts_of_lead(model: type[FollowUp] | type[LoanCommitment], lead_id: int) -> sa.Select[Any]:
    return sa.select(model).where(model.lead_id == lead_id).order_by(model.id.desc())


HAS = any_of(Lead)
"""The condition of customers with leads."""

_OF_CUSTOMER = prepared(
    sa.select(Lead)
    .where(Lead.customer_id == sa.bindparam("customer"))
    .order_by(Lead.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
