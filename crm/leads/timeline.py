"""A lead's timeline: the events of the lead, and of the rows that hang on it."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from crm.accounts.models import User
from crm.accounts.queries import branches
from crm.customers.timeline import PAGE_SIZE, Timeline
from crm.kernel.columns import constant, one_of
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.leads.models import OF_LEADS, FollowUp, Lead, LoanCommitment


def timeline_of(lead: Lead, before: int | None = None) -> Timeline:
    """Return the events of a lead that was found: also those of a customer whom a bound user doesn't see."""
    parts = [_latest(condition, before) for condition in events_of(lead.id)]
    ids = sa.union_all(*(sa.select(part.subquery()) for part in parts)).subquery()
    statement = (
        sa.select(Event.id, Event.at, Event.action, Event.subject_id, Event.changes, User.name, User.username)
        .outerjoin(User, User.id == Event.actor_id)
        .where(Event.id.in_(sa.select(ids.c.id)))
        .order_by(Event.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    rows = db.session.execute(statement, execution_options={"all_branches": True}).all()
    older = rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None
    names = {branch.id: branch.name for branch in branches()} if any("branch_id" in row.changes for row in rows) else {}
    return Timeline(lead.customer_id or 0, rows[:PAGE_SIZE], older, names)


def events_of(lead_id: int) -> Iterator[sa.ColumnElement[bool]]:
    """Yield conditions for the events of a lead, one for each table of rows that hang on it."""
    yield _about(Lead.__tablename__, sa.select(Lead.id).where(Lead.id == lead_id))
    for model in (FollowUp, LoanCommitment):
        yield _about(model.__tablename__, sa.select(model.id).where(model.lead_id == lead_id))
    for table, ids_of in catalog().lead_events.items():
        yield _about(table, ids_of(lead_id))


def _about(table: str, ids: sa.Select[int]) -> sa.ColumnElement[bool]:
    # Without a type: SQLite has no booleans, would be asked for "… = 1", and not see the condition of its index.
    in_index: sa.ColumnElement[bool] = sa.literal_column(f"events.{OF_LEADS}")
    return sa.and_(in_index, Event.subject == constant(table), Event.subject_id.in_(ids))


def _latest(condition: sa.ColumnElement[bool], before: int | None) -> sa.Select[int]:
    is_told = one_of(Event.action, catalog().activity)
    statement = sa.select(Event.id).where(condition, is_told).order_by(Event.id.desc()).limit(PAGE_SIZE + 1)
    return statement if before is None else statement.where(Event.id < before)
