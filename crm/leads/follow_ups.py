"""What is done with follow-ups: each function is one intent of a user and one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction, write_alike
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor
from crm.leads.models import FollowUp, Lead, LeadStatus, Method

Pair = tuple[Lead, FollowUp]


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
        _finish([(lead, follow_up)])
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
            _finish([(lead, follow_up)])
        return follow_up


def plan(pairs: Sequence[Pair], due_at: Mapping[int, dt.datetime | None]) -> None:
    """Plan locked follow-ups for other times, by their ids."""
    with transaction():
        for lead, follow_up in pairs:
            follow_up.due_at = due_at[follow_up.id]
            _tell("follow_up.edited", lead, follow_up, changes_of(follow_up))
        _finish(pairs)


def mark_done(follow_up_id: int, outcome: str = "", next_due_at: dt.datetime | None = None) -> FollowUp:
    """Record a contact and plan the next one; a second call changes nothing. A new lead becomes contacted."""
    with transaction():
        lead, follow_up = pair = _lock(follow_up_id)
        if mark_each_done([pair], outcome) and next_due_at is not None:
            _finish([(lead, _add(lead, follow_up.via, "", next_due_at, after=follow_up))])
        return follow_up


def mark_each_done(pairs: Sequence[Pair], outcome: str = "") -> list[FollowUp]:
    """Mark locked follow-ups as done; return those that were not."""
    with transaction():
        changed = [(lead, follow_up) for lead, follow_up in pairs if follow_up.mark_done(outcome)]
        for lead, follow_up in changed:
            changes = changes_of(follow_up)
            if lead.state is LeadStatus.NEW:
                lead.become(LeadStatus.CONTACTED)
                follow_up.first_contact = True
                changes |= {"status": [LeadStatus.NEW.value, lead.status]}
            _tell("follow_up.done", lead, follow_up, changes)
        _finish(changed)
        return [follow_up for _lead, follow_up in changed]


def undo_done(follow_up_id: int) -> FollowUp:
    """Reopen a follow-up and undo what `mark_done` changed; an open one stays."""
    with transaction():
        pair = _lock(follow_up_id)
        undo_each_done([pair])
        return pair[1]


def undo_each_done(pairs: Sequence[Pair]) -> list[FollowUp]:
    """Reopen locked follow-ups, as `undo_done` does; return those that were done."""
    with transaction() as session:
        changed = [(lead, follow_up) for lead, follow_up in pairs if follow_up.is_done]
        for lead, follow_up in changed:
            first_contact = follow_up.first_contact
            follow_up.undo_done()
            changes = changes_of(follow_up)
            if first_contact and lead.state is LeadStatus.CONTACTED:
                lead.become(LeadStatus.NEW)
                changes |= {"status": [LeadStatus.CONTACTED.value, lead.status]}
            _tell("follow_up.undone", lead, follow_up, changes)
        ids = [follow_up.id for _lead, follow_up in changed]
        planned = sa.select(FollowUp).where(one_of(FollowUp.after_id, ids), FollowUp.done_at.is_(None))
        for later in session.scalars(planned):
            session.delete(later)
        _finish(changed)
        return [follow_up for _lead, follow_up in changed]


def lock_follow_ups(ids: Iterable[int]) -> list[Pair]:
    """Lock the leads of follow-ups, then these; return both of each that is there."""
    wanted = one_of(FollowUp.id, sorted(ids))
    of_leads = Lead.id.in_(sa.select(FollowUp.lead_id).where(wanted))
    leads = db.session.scalars(locked(sa.select(Lead).where(of_leads).order_by(Lead.id)))
    found = {lead.id: lead for lead in leads}
    rows = db.session.scalars(locked(sa.select(FollowUp).where(wanted).order_by(FollowUp.id)))
    return [(found[row.lead_id], row) for row in rows if row.lead_id in found]


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


def _lock(follow_up_id: int) -> Pair:
    """Lock the lead, then its follow-up."""
    lead_id = db.session.scalars(sa.select(FollowUp.lead_id).where(FollowUp.id == follow_up_id)).one()
    lead = _lock_lead(lead_id)
    return lead, db.session.scalars(locked(sa.select(FollowUp).where(FollowUp.id == follow_up_id))).one()


def _lock_lead(lead_id: int) -> Lead:
    return db.session.scalars(locked(sa.select(Lead).where(Lead.id == lead_id))).one()


def _tell(action: str, lead: Lead, follow_up: FollowUp, changes: dict[str, list[Any]]) -> None:
    told = {"lead_id": [None, lead.id], "method": [None, follow_up.method], **changes}
    record(action, follow_up, customer_id=lead.customer_id, changes=told)


def _finish(changed: Sequence[Pair]) -> None:
    """Note when follow-ups and leads were changed, and update the leads' next follow-ups."""
    if not changed:
        return
    now, leads = database_now(), {lead.id: lead for lead, _follow_up in changed}
    for _lead, follow_up in changed:
        follow_up.updated_at = now
    write_alike(follow_up for _lead, follow_up in changed)
    open_ = sa.select(FollowUp.lead_id, sa.func.min(FollowUp.due_at)).group_by(FollowUp.lead_id)
    open_ = open_.where(one_of(FollowUp.lead_id, leads), FollowUp.done_at.is_(None))
    following = {row.lead_id: row[1] for row in db.session.execute(open_)}
    for lead in leads.values():
        lead.updated_at, lead.next_follow_up_at = now, following.get(lead.id)
    write_alike(leads.values())
