"""Pages of the documents of bookings."""

from __future__ import annotations

from flask import abort, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.bookings import documents
from crm.bookings.document_forms import DocumentsForm
from crm.bookings.models import Booking
from crm.bookings.routes import bp as bp
from crm.invoices.files import NotStoredError, QuotaError
from crm.invoices.models import Receipt
from crm.invoices.rules import MAX_REQUEST
from crm.kernel.idempotency import KeyReusedError
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.web.htmx import done, respond
from crm.web.uploads import takes_files


@bp.route("/bookings/<id:booking_id>/documents/new", methods=["GET", "POST"])
@takes_files(MAX_REQUEST)
def new_document(booking_id: int) -> Response:
    booking = find(Booking, booking_id)
    form = DocumentsForm()
    if form.validate_on_submit():
        try:
            documents.add(booking_id, form.uploads, form.request_key())
        except (KeyReusedError, NotStoredError, QuotaError) as error:
            form.explain(error)
        else:
            text = ngettext("Document added.", "%(num)s documents added.", len(form.uploads))
            return _changed(text, booking_id)
    status = 422 if form.is_submitted() else 200
    return respond("bookings/new_document.html", "bookings/_document_form.html", status, form=form, booking=booking)


@bp.post("/documents/<id:document_id>/removal")
def remove_document(document_id: int) -> Response:
    document = documents.remove(_document(document_id).id)
    undo = url_for("bookings.take_back_document", document_id=document_id)
    return _changed(_("%(file)s removed.", file=document.filename), document.booking_id or 0, undo)


@bp.post("/documents/<id:document_id>/removal/delete")
def take_back_document(document_id: int) -> Response:
    document = documents.take_back(_document(document_id).id)
    return _changed(_("%(file)s is back.", file=document.filename), document.booking_id or 0)


def _document(document_id: int) -> Receipt:
    document = find(Receipt, document_id)
    if document.booking_id is None:
        abort(404)
    return document


def _changed(text: str, booking_id: int, undo: str | None = None) -> Response:
    page = url_for("bookings.show", booking_id=booking_id)
    return done(text, f"{page}#documents", "bookings/changed.htmx.html", undo=undo, show=page)
