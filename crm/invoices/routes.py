"""Pages of invoices and receipts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, make_response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.customers.models import Customer
from crm.invoices import filenames, queries, services
from crm.invoices.files import NotStoredError, QuotaError
from crm.invoices.forms import InvoiceForm, NewReceiptsForm
from crm.invoices.models import Invoice, Receipt
from crm.invoices.rules import MAX_REQUEST, FileKind
from crm.kernel import storage
from crm.kernel.errors import ConflictError
from crm.kernel.idempotency import KeyReusedError
from crm.kernel.storage import StorageError
from crm.loyalty import queries as loyalty
from crm.web.filters import amount, number
from crm.web.forms import Form
from crm.web.htmx import done, respond, wants_fragment
from crm.web.uploads import takes_files

bp = Blueprint("invoices", __name__)


@bp.get("/customers/<id:customer_id>/invoices")
def index(customer_id: int) -> Response:
    customer = find(Customer, customer_id)
    page = queries.invoices_of(customer_id, before=request.args.get("before"))
    return respond("invoices/index.html", "invoices/_invoices.html", customer=customer, page=page)


@bp.route("/customers/<id:customer_id>/invoices/new", methods=["GET", "POST"])
@takes_files(MAX_REQUEST)
def new(customer_id: int) -> AnyResponse:
    customer = find(Customer, customer_id)
    form = InvoiceForm()
    if form.validate_on_submit():
        try:
            invoice = services.add_invoice(
                customer_id, form.hundredths, form.day, form.note.data, form.uploads, form.request_key()
            )
        except (KeyReusedError, NotStoredError, QuotaError) as error:
            form.explain(error)
        else:
            answer = _changed(invoice, "is added", "earned")
            # The page's script sends receipts that don't fit into one request there.
            answer.headers["Receipts-To"] = url_for("invoices.new_receipt", invoice_id=invoice.id)
            return answer
    return respond("invoices/new.html", "invoices/_form.html", _status(form), form=form, customer=customer)


@bp.route("/invoices/<id:invoice_id>/void", methods=["GET", "POST"])
def void(invoice_id: int) -> AnyResponse:
    invoice = find(Invoice, invoice_id)
    if request.method == "POST":
        return _changed(services.void_invoice(invoice_id), "is void", "taken back")
    if invoice.is_void:
        raise ConflictError("This invoice is void already.")
    points = queries.points_of(invoice_id)
    return respond("invoices/void.html", "invoices/_void.html", invoice=invoice, points=points)


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
            text = "The receipt is added." if len(form.uploads) == 1 else f"{len(form.uploads)} receipts are added."
            return done(text, _panel_url(invoice.customer), "invoices/new_receipt.htmx.html", invoice=invoice)
    return respond(
        "invoices/new_receipt.html", "invoices/_receipts_form.html", _status(form), form=form, invoice=invoice
    )


@bp.get("/receipts/<id:receipt_id>")
def receipt(receipt_id: int) -> Response:
    """Show the conversion's state; 204 to a page that shows that `state` already."""
    found = find(Receipt, receipt_id)
    if wants_fragment() and request.args.get("state") == found.state:
        return make_response("", 204)
    return respond("invoices/receipt.html", "invoices/_receipt.html", receipt=found)


@bp.get("/receipts/<id:receipt_id>/file")
def receipt_file(receipt_id: int) -> Response:
    found = find(Receipt, receipt_id)
    if found.is_failed:
        raise ConflictError(f"This receipt could not be converted. {found.reason}")
    if found.pdf_key is None:
        raise ConflictError("This receipt is still being converted. Try again in a moment.")
    return _download(found.pdf_key, found.filename, "pdf")


@bp.get("/receipts/<id:receipt_id>/original")
def receipt_original(receipt_id: int) -> Response:
    found = find(Receipt, receipt_id)
    return _download(found.original_key, found.filename, found.kind)  # type: ignore[arg-type]  # what was uploaded has a kind


@bp.post("/receipts/<id:receipt_id>/retry")
def retry_receipt(receipt_id: int) -> AnyResponse:
    found = services.retry_receipt(find(Receipt, receipt_id).id)
    location = url_for("invoices.receipt", receipt_id=receipt_id)
    return done(f"{found.filename} is being converted again.", location, "invoices/_receipt.html", receipt=found)


def _changed(invoice: Invoice, verb: str, points_verb: str) -> AnyResponse:
    customer, points = find(Customer, invoice.customer_id), queries.points_of(invoice.id)
    text = f"Invoice of {amount(invoice.amount, invoice.currency)} for {customer.name} {verb}."
    context: dict[str, Any] = {"customer": customer, "data": queries.panel_data(customer)}
    if points.earned:
        changed = points.taken_back if invoice.is_void else points.earned
        text += f" {number(changed)} point{'' if changed == 1 else 's'} {points_verb}."
        context["points_data"] = loyalty.panel_data(customer)
    return done(text, _panel_url(customer), "invoices/changed.htmx.html", **context)


def _download(key: str, filename: str, kind: FileKind) -> Response:
    try:
        size, chunks = storage.current().stream(key)
    except FileNotFoundError:
        abort(404, "The file is not in the storage any more.")
    except StorageError:
        abort(503, "The file can't be read just now. Try again in a minute.")
    response = Response(chunks, mimetype=filenames.MEDIA_TYPES[kind])
    response.content_length = size
    response.headers.set(
        "Content-Disposition", "attachment", **filenames.disposition(filenames.download_name(filename, kind))
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _panel_url(customer: Customer) -> str:
    return url_for("customers.show", customer_id=customer.id, _anchor="invoices")


def _status(form: Form) -> int:
    return 422 if form.is_submitted() else 200
