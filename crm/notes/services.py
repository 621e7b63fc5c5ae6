"""What is done with notes: each function is one intent of a user and one transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from crm.customers.services import lock_customer
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import Event, changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor, use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.leads.models import Lead
from crm.notes.models import Kind, Note

KEPT = dt.timedelta(days=1)
"""For how long a deleted note can be brought back."""

DELETED = "deleted note"
"""The kind of due work: deleted notes that are to be removed for good."""

LEASE = dt.timedelta(minutes=1)
BATCH = 100

_WHOLE = {"all_branches": True, "synchronize_session": False}
"""Whoever may see a note may change its events, which may be of a customer of another branch."""


def add_to_customer(customer_id: int, kind: Kind, text: str, request_key: RequestKey | None = None) -> Note:
    """Write down a note; raises KeyReusedError."""
    with transaction():
        customer = lock_customer(customer_id)
        return _add(Note(customer_id=customer.id, kind=kind, text=text), customer.id, request_key)


def add_to_lead(lead_id: int, kind: Kind, text: str, request_key: RequestKey | None = None) -> Note:
    """Write down a note, which stands on the timeline of the lead's customer, too; raises KeyReusedError."""
    with transaction() as session:
        lead = session.scalars(locked(sa.select(Lead).where(Lead.id == lead_id))).one()
        return _add(Note(lead_id=lead.id, kind=kind, text=text), lead.customer_id, request_key)


def edit_note(note_id: int, values: dict[str, Any]) -> Note:
    with transaction():
        note = _lock(note_id)
        for field in ("kind", "text"):
            setattr(note, field, values.get(field, getattr(note, field)))
        if changes := changes_of(note):
            told = {"kind": [note.kind, note.kind], "text": [note.text, note.text], **changes}
            record("note.edited", note, customer_id=note.customer_of, changes=told)
            note.updated_at = db_now()
        return note


def delete_note(note_id: int) -> Note:
    """Take a note and all that was told of it off the timeline; it can be brought back for a day."""
    with transaction():
        due.lock(DELETED, [note_id])
        note = _lock(note_id)
        if note.delete():
            _move_events(note, None)
            record("note.deleted", note)
            due.put_off(DELETED, [note.id], database_now() + KEPT)
        return note


def restore_note(note_id: int) -> Note:
    with transaction():
        due.lock(DELETED, [note_id])
        note = _lock(note_id)
        if note.restore():
            _move_events(note, note.customer_of)
            record("note.restored", note)
            due.settle(DELETED, [note.id])
        return note


def remove_deleted(organization_id: int) -> bool:
    """Remove notes that were deleted long enough ago, and what was told of them; False when none is due."""
    with use_organization(organization_id):
        lease = Lease.take(DELETED, LEASE, BATCH)
        with transaction() as session:
            held = lease.lock_held()
            ids = list(session.scalars(sa.select(Note.id).where(one_of(Note.id, held), Note.deleted_at.is_not(None))))
            session.execute(sa.delete(Event).where(_about(one_of(Note.id, ids))), execution_options=_WHOLE)
            session.execute(sa.delete(Note).where(one_of(Note.id, ids)), execution_options=_WHOLE)
            due.settle(DELETED, held)
        return bool(lease.ids)


def _add(note: Note, customer_id: int | None, request_key: RequestKey | None) -> Note:
    once = Once(request_key)
    if once.earlier is not None:
        return once.found(Note)
    note.created_by_id = current_actor()
    db.session.add(note)
    changes = {"kind": [None, note.kind], "text": [None, note.text]}
    record("note.added", note, customer_id=customer_id, changes=changes)
    once.made(note.id)
    return note


def _lock(note_id: int) -> Note:
    return db.session.scalars(locked(sa.select(Note).where(Note.id == note_id))).one()


def _move_events(note: Note, customer_id: int | None) -> None:
    told = sa.update(Event).where(_about(Note.id == note.id), Event.action.in_(("note.added", "note.edited")))
    db.session.execute(told.values(customer_id=customer_id), execution_options=_WHOLE)


def _about(notes: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.and_(Event.subject == Note.__tablename__, Event.subject_id.in_(sa.select(Note.id).where(notes)))
