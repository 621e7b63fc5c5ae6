"""Pages of the payments of bookings: invoices that were written before are linked here."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.bookings import queries
from crm.bookings.document_routes import bp as bp
from crm.bookings.models import Booking
from crm.bookings.payment_forms import LinkForm
from crm.invoices.edits import edit_invoice
from crm.invoices.models import Invoice
from crm.values.language import gettext as _
from crm.web.filters import amount
from crm.web.htmx import done, respond


@bp.route("/bookings/<id:booking_id>/payments/new", methods=["GET", "POST"])
def link_invoice(booking_id: int) -> Response:
    """Choose among the latest invoices of the guests that are for no booking."""
    booking = find(Booking, booking_id)
    form = LinkForm(queries.unlinked_invoices(booking_id), queries.payments_of(booking_id))
    if form.validate_on_submit():
        invoice = edit_invoice(int(form.invoice.data), {"booking_id": booking_id})
        undo = url_for("bookings.unlink_invoice", booking_id=booking_id, invoice_id=invoice.id)
        shown = amount(invoice.amount, invoice.currency)
        return _changed(_("Invoice of %(amount)s is for this booking now.", amount=shown), booking_id, undo)
    status = 422 if form.is_submitted() else 200
    return respond("bookings/link_invoice.html", "bookings/_link_form.html", status, form=form, booking=booking)


@bp.post("/bookings/<id:booking_id>/payments/<id:invoice_id>/delete")
def unlink_invoice(booking_id: int, invoice_id: int) -> Response:
    find(Booking, booking_id)
    invoice = find(Invoice, invoice_id)
    if invoice.booking_id == booking_id:
        edit_invoice(invoice_id, {"booking_id": None})
    shown = amount(invoice.amount, invoice.currency)
    return _changed(_("Invoice of %(amount)s is for no booking now.", amount=shown), booking_id)


def _changed(text: str, booking_id: int, undo: str | None = None) -> Response:
    page = url_for("bookings.show", booking_id=booking_id)
    return done(text, f"{page}#payments", "bookings/changed.htmx.html", undo=undo, show=page)
