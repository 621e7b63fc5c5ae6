"""Reads of notes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.leads.models import Lead
from crm.notes.models import Note


def notes_of_customer(customer_id: int) -> sa.Select[Note]:
    """Return a customer's notes and those of their leads, the latest first."""
    leads = sa.select(Lead.id).where(Lead.customer_id == customer_id)
    return _latest(sa.or_(Note.customer_id == customer_id, Note.lead_id.in_(leads)))


def notes_of_lead(lead_id: int) -> sa.Select[Note]:
    return _latest(Note.lead_id == lead_id)


def ids_of_lead(lead_id: int) -> sa.Select[int]:
    """Return the notes whose events stand on a lead's timeline."""
    return sa.select(Note.id).where(Note.lead_id == lead_id, Note.deleted_at.is_(None))


def _latest(condition: sa.ColumnElement[bool]) -> sa.Select[Note]:
    statement = sa.select(Note).where(condition, Note.deleted_at.is_(None)).options(joinedload(Note.lead))
    return statement.order_by(Note.id.desc())
