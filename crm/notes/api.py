"""Notes about customers and leads."""

from __future__ import annotations

from typing import Any

from flask import abort

from crm.accounts.access import find
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import PageQuery, page_of
from crm.customers.api import find_customer
from crm.leads.models import Lead
from crm.notes import queries, schemas, services
from crm.notes.models import Kind, Note

bp = Resource("notes", "Notes", 75)


@bp.get("/customers/<id:customer_id>/notes/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.Note))
def index(query: dict[str, Any], customer_id: int) -> dict[str, Any]:
    """List the notes about a customer and their leads, the latest first."""
    return paging.numbered(queries.notes_of_customer(find_customer(customer_id).id), query)


@bp.post("/customers/<id:customer_id>/notes/")
@bp.arguments(schemas.NoteInput)
@bp.response(201, schemas.Note)
def create(given: dict[str, Any], customer_id: int) -> Note:
    """Write down a note or a call."""
    return services.add_to_customer(find_customer(customer_id).id, _kind(given), given["text"])


@bp.get("/leads/<id:lead_id>/notes/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.Note))
def index_of_lead(query: dict[str, Any], lead_id: int) -> dict[str, Any]:
    """List the notes about a lead, the latest first."""
    return paging.numbered(queries.notes_of_lead(find(Lead, lead_id).id), query)


@bp.post("/leads/<id:lead_id>/notes/")
@bp.arguments(schemas.NoteInput)
@bp.response(201, schemas.Note)
def create_of_lead(given: dict[str, Any], lead_id: int) -> Note:
    """Write down a note or a call."""
    return services.add_to_lead(find(Lead, lead_id).id, _kind(given), given["text"])


@bp.get("/notes/<id:note_id>/")
@bp.response(200, schemas.Note)
def show(note_id: int) -> Note:
    """Read a note."""
    return _find(note_id)


@bp.patch("/notes/<id:note_id>/")
@bp.arguments(schemas.NoteChange)
@bp.response(200, schemas.Note)
def change(given: dict[str, Any], note_id: int) -> Note:
    """Change a note."""
    values = given | ({"kind": Kind(given["kind"])} if "kind" in given else {})
    return services.edit_note(_find(note_id).id, values)


@bp.delete("/notes/<id:note_id>/")
@bp.response(204)
def delete(note_id: int) -> None:
    """Delete a note."""
    services.delete_note(_find(note_id).id)


def _find(note_id: int) -> Note:
    note = find(Note, note_id)
    if note.is_deleted:
        abort(404)
    return note


def _kind(given: dict[str, Any]) -> Kind:
    return Kind(given.get("kind", Kind.NOTE))
