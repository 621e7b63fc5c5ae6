"""API of invoices and their receipts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import abort, request

from crm.accounts.access import find, here
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import PageQuery, page_of
from crm.customers.api import find_customer
from crm.invoices import queries, services
from crm.invoices import schemas as schemas
from crm.invoices.edits import Values, edit_invoice
from crm.invoices.files import Upload, read_upload
from crm.invoices.models import Invoice
from crm.invoices.rules import FIRST_YEAR, MAX_FILES, MAX_REQUEST, NO_RECEIPT, Refused, date_problem
from crm.kernel.problems import InputProblem
from crm.values import clock

bp = Resource("invoices", "Invoices", 40)

RECEIPTS = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["receipt"],
                "properties": {
                    "receipt": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MAX_FILES,
                        "items": {"type": "string", "format": "binary"},
                        "description": "PDF, JPEG or PNG, up to 10 MB each.",
                    }
                },
            }
        }
    },
}


@bp.get("/customers/<id:customer_id>/invoices/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.Invoice))
def index(query: dict[str, Any], customer_id: int) -> dict[str, Any]:
    """List a customer's invoices, the latest first."""
    return paging.numbered(queries.invoices(find_customer(customer_id).id), query)


@bp.post("/customers/<id:customer_id>/invoices/")
@bp.arguments(schemas.InvoiceInput)
@bp.response(201, schemas.Invoice)
def create(given: dict[str, Any], customer_id: int) -> Invoice:
    """Add an invoice.

    The customer's orders and points follow. Receipts are added to the invoice that is answered.
    """
    today = _today()
    day: dt.date = given.get("date", today)
    _check(day, today)
    booking_id: int | None = given.get("booking")
    _check_booking(booking_id)
    customer = find_customer(customer_id)
    return services.add_invoice(customer.id, given["amount"], day, given["note"], booking_id=booking_id)


@bp.get("/invoices/<id:invoice_id>/")
@bp.response(200, schemas.Invoice)
def show(invoice_id: int) -> Invoice:
    """Read an invoice."""
    return _find(invoice_id)


@bp.patch("/invoices/<id:invoice_id>/")
@bp.arguments(schemas.InvoiceChange)
@bp.response(200, schemas.Invoice)
def change(given: dict[str, Any], invoice_id: int) -> Invoice:
    """Change the amount, date, note or booking of an open invoice.

    The customer's orders follow, and the points that it earned, by the rules under which it earned them. A void invoice
    is a conflict.
    """
    invoice = _find(invoice_id)
    values = Values(**{name: given[name] for name in ("amount", "date", "note") if name in given})  # type: ignore[typeddict-item]  # by the schema
    if "date" in given and given["date"] != invoice.date:
        _check(given["date"], _today())
    if "booking" in given:
        if given["booking"] != invoice.booking_id:
            _check_booking(given["booking"])
        values["booking_id"] = given["booking"]
    return edit_invoice(invoice.id, values)


@bp.post("/invoices/<id:invoice_id>/void/")
@bp.response(200, schemas.Invoice)
def void(invoice_id: int) -> Invoice:
    """Take an invoice out of the customer's orders; one that is void stays so."""
    return services.void_invoice(_find(invoice_id).id)


@bp.post("/invoices/<id:invoice_id>/receipts/", max_bytes=MAX_REQUEST)
@bp.doc(requestBody=RECEIPTS)
@bp.response(201, schemas.Invoice)
def add_receipts(invoice_id: int) -> Invoice:
    """Add receipts to an invoice.

    They are stored at once and turned into PDFs afterwards: `state` goes from converting to ready or failed.
    """
    if request.mimetype != "multipart/form-data":
        abort(415, "Send the files as multipart/form-data, in the field receipt.")
    return services.add_receipts(_find(invoice_id).id, _uploads())


def _find(invoice_id: int) -> Invoice:
    invoice = find(Invoice, invoice_id)
    find_customer(invoice.customer_id)
    return invoice


def _today() -> dt.date:
    return clock.to_local(clock.utcnow(), clock.zone(here().organization.time_zone)).date()


def _check(day: dt.date, today: dt.date) -> None:
    problem = date_problem(day, today)
    if problem:
        raise InputProblem({"date": [problem % {"year": FIRST_YEAR}]})


def _check_booking(booking_id: int | None) -> None:
    if booking_id is not None and queries.booking_called(booking_id) is None:
        raise InputProblem({"booking": ["There is no booking with this id."]})


def _uploads() -> list[Upload]:
    files = request.files.getlist("receipt")
    if not files:
        raise InputProblem({"receipt": [NO_RECEIPT]})
    if len(files) > MAX_FILES:
        raise InputProblem({"receipt": [f"Send {MAX_FILES} files at most, and the others in another request."]})
    uploads, refused = [], []
    for file in files:
        try:
            uploads.append(read_upload(file.filename, file.stream))
        except Refused as error:
            refused.append(f"{file.filename}: {error}" if len(files) > 1 else str(error))
    if refused:
        raise InputProblem({"receipt": refused})
    return uploads
