"""What is done with follow-ups: each function is one intent of a user and one transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import db_now
from crm.kernel.db import locked, transaction
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor
from crm.leads.models import FollowUp, Lead, LeadStatus, Method


def add_follow_up(
    lead_id: int, method: Method, note: str, due_at: dt.datetime | None, request_key: RequestKey | None = None
) -> FollowUp:
    """Plan a follow-up; raises KeyReusedError."""
    with transaction():
        lead = _lock_lead(lead_id)
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(FollowUp)
        follow_up = _add(lead, method, note, due_at)
        once.made(follow_up.id)
        return follow_up


def edit_follow_up(
    follow_up_id: int, values: dict[str, Any], *, done: bool | None = None, next_due_at: dt.datetime | None = None
) -> FollowUp:
    with transaction():
        if done:
            mark_done(follow_up_id, values.get("outcome", ""), next_due_at)
        elif done is not None:
            undo_done(follow_up_id)
        lead, follow_up = _lock(follow_up_id)
        for field, value in values.items():
            setattr(follow_up, field, value)
        if changes := changes_of(follow_up):
            _tell("follow_up.edited", lead, follow_up, changes)
        return follow_up


def mark_done(follow_up_id: int, outcome: str = "", next_due_at: dt.datetime | None = None) -> FollowUp:
    """Record a contact and plan the next one; a second call changes nothing. A new lead becomes contacted."""
    with transaction():
        lead, follow_up = _lock(follow_up_id)
        if not follow_up.mark_done(outcome):
            return follow_up
        changes = changes_of(follow_up)
        if lead.state is LeadStatus.NEW:
            lead.become(LeadStatus.CONTACTED)
            follow_up.first_contact = True
            changes |= {"status": [LeadStatus.NEW.value, lead.status]}
        _tell("follow_up.done", lead, follow_up, changes)
        if next_due_at is not None:
            _add(lead, follow_up.via, "", next_due_at, after=follow_up)
        return follow_up


def undo_done(follow_up_id: int) -> FollowUp:
    """Reopen a follow-up and undo what `mark_done` changed; an open one stays."""
    with transaction() as session:
        lead, follow_up = _lock(follow_up_id)
        first_contact = follow_up.first_contact
        if not follow_up.undo_done():
            return follow_up
        changes = changes_of(follow_up)
        planned = sa.select(FollowUp).where(FollowUp.after_id == follow_up.id, FollowUp.done_at.is_(None))
        for later in session.scalars(planned):
            session.delete(later)
        if first_contact and lead.state is LeadStatus.CONTACTED:
            lead.become(LeadStatus.NEW)
            changes |= {"status": [LeadStatus.CONTACTED.value, lead.status]}
        _tell("follow_up.undone", lead, follow_up, changes)
        return follow_up


def _add(lead: Lead, method: Method, note: str, due_at: dt.datetime | None, after: FollowUp | None = None) -> FollowUp:
    follow_up = FollowUp(
        lead_id=lead.id,
        method=method.value,
        note=note,
        due_at=due_at,
        after_id=after.id if after else None,
        created_by_id=current_actor(),
    )
    db.session.add(follow_up)
    due = due_at.isoformat() if due_at else None
    _tell("follow_up.added", lead, follow_up, {"note": [None, note], "due_at": [None, due]})
    return follow_up


def _lock(follow_up_id: int) -> tuple[Lead, FollowUp]:
    """Lock the lead, then its follow-up."""
    lead_id = db.session.scalars(sa.select(FollowUp.lead_id).where(FollowUp.id == follow_up_id)).one()
    lead = _lock_lead(lead_id)
    return lead, db.session.scalars(locked(sa.select(FollowUp).where(FollowUp.id == follow_up_id))).one()


def _lock_lead(lead_id: int) -> Lead:
    return db.session.scalars(locked(sa.select(Lead).where(Lead.id == lead_id))).one()


def _tell(action: str, lead: Lead, follow_up: FollowUp, changes: dict[str, list[Any]]) -> None:
    """Record an event and update the lead's next follow-up."""
    told = {"lead_id": [None, lead.id], "method": [None, follow_up.method], **changes}
    record(action, follow_up, customer_id=lead.customer_id, changes=told)
    follow_up.updated_at = lead.updated_at = db_now()
    open_ = sa.select(sa.func.min(FollowUp.due_at)).where(FollowUp.lead_id == lead.id, FollowUp.done_at.is_(None))
    lead.next_follow_up_at = db.session.scalar(open_)
