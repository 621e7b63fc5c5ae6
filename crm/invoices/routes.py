"""Pages of invoices and receipts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, make_response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.customers.models import Customer
from crm.invoices import filenames, queries, services
from crm.invoices.edits import VOID, StaleError, edit_invoice
from crm.invoices.files import NotStoredError, QuotaError
from crm.invoices.forms import EditInvoiceForm, InvoiceForm, NewReceiptsForm
from crm.invoices.models import Invoice, Receipt
from crm.invoices.rules import MAX_REQUEST, FileKind
from crm.kernel.errors import ConflictError
from crm.kernel.idempotency import KeyReusedError
from crm.kernel.manifest import catalog
from crm.loyalty import queries as loyalty
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _
from crm.values.stored import shown
from crm.web.downloads import download
from crm.web.filters import amount, number
from crm.web.forms import Form
from crm.web.htmx import done, respond, wants_fragment
from crm.web.ids import id_in
from crm.web.uploads import takes_files

bp = Blueprint("invoices", __name__)

SAVED = N_("Invoice of %(amount)s for %(name)s saved.")
VOIDED = N_("Invoice of %(amount)s for %(name)s voided.")
ADDED = N_("Invoice of %(amount)s for %(name)s added.")


@bp.get("/customers/<id:customer_id>/invoices")
def of_customer(customer_id: int) -> Response:
    customer = find(Customer, customer_id)
    page = queries.invoices_of(customer_id, before=request.args.get("before"))
    return respond("invoices/of_customer.html", "invoices/_invoices.html", customer=customer, page=page)


@bp.get("/invoices/<id:invoice_id>")
def show(invoice_id: int) -> Response:
    invoice = find(Invoice, invoice_id)
    bookings = queries.bookings_of([invoice])
    return respond("invoices/show.html", "invoices/_alone.html", invoice=invoice, bookings=bookings)


@bp.route("/customers/<id:customer_id>/invoices/new", methods=["GET", "POST"])
@takes_files(MAX_REQUEST)
def new(customer_id: int) -> AnyResponse:
    customer = find(Customer, customer_id)
    form = InvoiceForm(customer_id=customer_id, booking_id=_booking_asked_for())
    if form.validate_on_submit():
        try:
            invoice = services.add_invoice(
                *(customer_id, form.parsed_amount, form.day, form.note.data, form.uploads, form.request_key()),
                booking_id=form.booking_id,
            )
        except (KeyReusedError, NotStoredError, QuotaError) as error:
            form.explain(error)
        else:
            answer = _changed(invoice, ADDED)
            # The page's script sends receipts that don't fit into one request there.
            answer.headers["Receipts-To"] = url_for("invoices.new_receipt", invoice_id=invoice.id)
            return answer
    context: dict[str, Any] = {"form": form, "customer": customer, "back": _back(customer)}
    return respond("invoices/new.html", "invoices/_form.html", _status(form), **context)


@bp.route("/invoices/<id:invoice_id>/edit", methods=["GET", "POST"])
def edit(invoice_id: int) -> AnyResponse:
    invoice = find(Invoice, invoice_id)
    if invoice.is_void:
        raise ConflictError(_(VOID))
    form = EditInvoiceForm(invoice)
    if form.validate_on_submit():
        try:
            return _changed(edit_invoice(invoice_id, form.values(), form.version.data), SAVED)
        except StaleError:
            form.say_stale(find(Invoice, invoice_id))
    points = queries.points_of(invoice_id)
    return respond(
        "invoices/edit.html", "invoices/_edit_form.html", _status(form), form=form, invoice=invoice, points=points
    )


@bp.route("/invoices/<id:invoice_id>/void", methods=["GET", "POST"])
def void(invoice_id: int) -> AnyResponse:
    invoice = find(Invoice, invoice_id)
    if request.method == "POST":
        ticked = {offer.name: request.form.getlist(offer.name) for offer in catalog().void_offers}
        return _changed(services.void_invoice(invoice_id, ticked), VOIDED)
    if invoice.is_void:
        raise ConflictError(_("This invoice is already void."))
    context: dict[str, Any] = {"invoice": invoice, "points": queries.points_of(invoice_id)}
    context["offers"] = [(each.template, data) for each in catalog().void_offers if (data := each.load(invoice))]
    return respond("invoices/void.html", "invoices/_void.html", **context)


@bp.route("/invoices/<id:invoice_id>/receipts/new", methods=["GET", "POST"])
@takes_files(MAX_REQUEST)
def new_receipt(invoice_id: int) -> AnyResponse:
    invoice = find(Invoice, invoice_id)
    form = NewReceiptsForm()
    if form.validate_on_submit():
        try:
            invoice = services.add_receipts(invoice_id, form.uploads, form.request_key())
        except (KeyReusedError, NotStoredError, QuotaError) as error:
            form.explain(error)
        else:
            text = ngettext("Receipt added.", "%(num)s receipts added.", len(form.uploads))
            context: dict[str, Any] = {"invoice": invoice, "bookings": queries.bookings_of([invoice])}
            return done(text, _panel_url(invoice.customer), "invoices/new_receipt.htmx.html", **context)
    return respond(
        "invoices/new_receipt.html", "invoices/_receipts_form.html", _status(form), form=form, invoice=invoice
    )


@bp.get("/receipts/<id:receipt_id>")
def receipt(receipt_id: int) -> Response:
    """Show the conversion's state; 204 to a page that shows that `state` already."""
    found = _receipt(receipt_id)
    if wants_fragment() and request.args.get("state") == found.state:
        return make_response("", 204)
    return respond("invoices/receipt.html", "invoices/_receipt.html", receipt=found)


@bp.get("/receipts/<id:receipt_id>/file")
def receipt_file(receipt_id: int) -> Response:
    found = _receipt(receipt_id)
    if found.is_failed:
        raise ConflictError(_("This receipt could not be converted. %(reason)s", reason=shown(found.reason)))
    if found.pdf_key is None:
        raise ConflictError(_("This receipt is still being converted. Try again in a moment."))
    return _download(found.pdf_key, found.filename, "pdf")


@bp.get("/receipts/<id:receipt_id>/original")
def receipt_original(receipt_id: int) -> Response:
    found = _receipt(receipt_id)
    return _download(found.original_key, found.filename, found.kind)  # type: ignore[arg-type]  # what was uploaded has a kind


@bp.post("/receipts/<id:receipt_id>/retry")
def retry_receipt(receipt_id: int) -> AnyResponse:
    found = services.retry_receipt(_receipt(receipt_id).id)
    location = url_for("invoices.receipt", receipt_id=receipt_id)
    return done(
        _("%(file)s is being converted again.", file=found.filename), location, "invoices/_receipt.html", receipt=found
    )


def _receipt(receipt_id: int) -> Receipt:
    """Return a receipt, or the document of a booking; abort with 404 for one that was removed."""
    found = find(Receipt, receipt_id)
    return found if found.removed_at is None else abort(404)


def _booking_asked_for() -> int | None:
    """Return the booking that the invoice is for; abort with 404 for one that the user doesn't see."""
    asked = request.values.get("booking")
    if not asked:
        return None
    booking_id = id_in(asked)
    if booking_id is None or queries.booking_called(booking_id) is None:
        abort(404)
    return booking_id


def _back(customer: Customer) -> str:
    """Return the page that the form is a part of: the booking's where it was opened there, or else the customer's."""
    booking = id_in(request.args.get("booking"))
    return url_for("bookings.show", booking_id=booking) if booking else _panel_url(customer)


def _changed(invoice: Invoice, sentence: str) -> AnyResponse:
    customer, points = find(Customer, invoice.customer_id), queries.points_of(invoice.id)
    text = _(sentence, amount=amount(invoice.amount, invoice.currency), name=customer.name)
    here = urlsplit(request.headers.get("HX-Current-URL", "")).path
    context: dict[str, Any] = {"is_here": here in ("", url_for("customers.show", customer_id=customer.id))}
    context |= {"customer": customer, "data": queries.panel_data(customer)}
    if points.earned:
        if sentence != SAVED:
            text = f"{text} {_of_points(points, is_void=invoice.is_void)}"
        context["points_data"] = loyalty.panel_data(customer)
    return done(text, _back(customer), "invoices/changed.htmx.html", **context)


def _of_points(points: loyalty.Earned, *, is_void: bool) -> str:
    if is_void:
        count = points.taken_back
        return ngettext("%(num)s point deducted.", "%(num)s points deducted.", count, num=number(count))
    return ngettext("%(num)s point earned.", "%(num)s points earned.", points.earned, num=number(points.earned))


def _download(key: str, filename: str, kind: FileKind) -> Response:
    return download(key, filenames.download_name(filename, kind), filenames.MEDIA_TYPES[kind])


def _panel_url(customer: Customer) -> str:
    return url_for("customers.show", customer_id=customer.id, _anchor="invoices")


def _status(form: Form) -> int:
    return 422 if form.is_submitted() else 200
