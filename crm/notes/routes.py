"""Notes: windows to write one, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.accounts.rules import return_path
from crm.customers.models import Customer
from crm.kernel.idempotency import KeyReusedError, RequestKey
from crm.leads.models import Lead
from crm.notes import services
from crm.notes.forms import NoteForm
from crm.notes.models import Kind, Note
from crm.values.language import gettext as _
from crm.web.htmx import done, respond

bp = Blueprint("notes", __name__)

Add = Callable[[int, Kind, str, RequestKey | None], Note]


@bp.get("/customers/<id:customer_id>/notes/new")
@bp.post("/customers/<id:customer_id>/notes", endpoint="add")
def new(customer_id: int) -> Response:
    customer, form = find(Customer, customer_id), NoteForm(kind=request.args.get("kind"))
    return _new(form, customer, url_for("notes.add", customer_id=customer_id), services.add_to_customer)


@bp.get("/leads/<id:lead_id>/notes/new")
@bp.post("/leads/<id:lead_id>/notes", endpoint="add_to_lead")
def new_of_lead(lead_id: int) -> Response:
    lead, form = find(Lead, lead_id), NoteForm(kind=request.args.get("kind"))
    return _new(form, lead, url_for("notes.add_to_lead", lead_id=lead_id), services.add_to_lead)


@bp.route("/notes/<id:note_id>/edit", methods=["GET", "POST"])
def edit(note_id: int) -> Response:
    note = find(Note, note_id)
    if note.is_deleted:
        abort(404)
    form = NoteForm(note)
    if form.validate_on_submit():
        services.edit_note(note_id, form.values())
        return _changed(_("Note saved."), note_id)
    action, title = url_for("notes.edit", note_id=note_id), _("Edit note")
    return _shown(form, action=action, title=title, cancel=_page_of(note))


@bp.post("/notes/<id:note_id>/delete")
def delete(note_id: int) -> Response:
    services.delete_note(find(Note, note_id).id)
    return _changed(_("Note deleted."), note_id, undo=url_for("notes.restore", note_id=note_id))


@bp.post("/notes/<id:note_id>/restore")
def restore(note_id: int) -> Response:
    services.restore_note(find(Note, note_id).id)
    return _changed(_("Note restored."), note_id)


def _new(form: NoteForm, about: Customer | Lead, action: str, add: Add) -> Response:
    if form.validate_on_submit():
        try:
            note = add(about.id, Kind(form.kind.data), form.text.data, form.request_key())
        except KeyReusedError as error:
            form.refuse("text", error)
        else:
            text = _("Call logged.") if note.kind is Kind.CALL else _("Note added.")
            return _changed(text, note.id, undo=url_for("notes.delete", note_id=note.id))
    title = _("Note about %(name)s", name=about.name)
    return _shown(form, action=action, title=title, cancel=_page(about))


def _shown(form: NoteForm, **context: str) -> Response:
    status = 422 if form.is_submitted() else 200
    return respond("notes/edit.html", "notes/_form.html", status, form=form, **context)


def _changed(text: str, note_id: int, undo: str | None = None) -> Response:
    """Go back to the page where it was, for a lead's note stands on the customer's page, too."""
    page = _page_of(find(Note, note_id))
    here = return_path(request.referrer, request.host) if request.referrer else page
    return done(text, page if "/notes" in here else here, "notes/changed.htmx.html", undo=undo, show=page)


def _page_of(note: Note) -> str:
    if note.lead_id:
        return url_for("leads.show", lead_id=note.lead_id)
    return url_for("customers.show", customer_id=note.customer_id)


def _page(about: Customer | Lead) -> str:
    if isinstance(about, Lead):
        return url_for("leads.show", lead_id=about.id)
    return url_for("customers.show", customer_id=about.id)
