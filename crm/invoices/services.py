"""Changes of invoices and receipts: each function is one user's intent and one transaction."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.search_text import search_text
from crm.customers.services import lock_customer
from crm.customers.signals import MergePair, customer_deleting, customers_merged, customers_unmerged
from crm.invoices import orders, queries
from crm.invoices.filenames import Sibling, distinct_names
from crm.invoices.files import QuotaError, StoredFile, Upload, discard, store_files
from crm.invoices.models import Invoice, Receipt
from crm.invoices.queries import points_key
from crm.invoices.rules import MAX_FILES_A_DAY
from crm.invoices.signals import invoice_added, invoice_voided
from crm.kernel import queue
from crm.kernel.db import after_commit, database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey, is_used
from crm.kernel.manifest import catalog
from crm.kernel.tenancy import current_actor, require_organization
from crm.kernel.work import due
from crm.loyalty import services as loyalty
from crm.values import money
from crm.values.language import gettext as _

KIND = "receipt"


def add_invoice(
    customer_id: int,
    amount: int,
    date: dt.date,
    note: str,
    uploads: Sequence[Upload] = (),
    request_key: RequestKey | None = None,
    booking_id: int | None = None,
) -> Invoice:
    """Add an invoice of `amount` in the organization's currency, with its receipts and points.

    Raises NotStoredError, QuotaError, KeyReusedError, or ConflictError when the customer is gone, and keeps nothing.
    """
    check_quota_early(uploads, request_key)
    with store_files(uploads) as batch, transaction() as session:
        customer = lock_customer(customer_id)
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Invoice)
        check_quota(uploads)
        invoice = Invoice(
            customer_id=customer.id,
            booking_id=booking_id,
            amount=amount,
            currency=current_organization().currency,
            date=date,
            note=note,
            search_text=text_of(note or ""),
            created_by_id=current_actor(),
        )
        session.add(invoice)
        changes = {field: [None, getattr(invoice, field)] for field in ("amount", "currency", "note")}
        changes["date"] = [None, date.isoformat()]
        if booking_id is not None:
            changes["booking"] = [None, queries.booking_called(booking_id) or ""]
        record("invoice.created", invoice, customer_id=customer.id, changes=changes)
        once.made(invoice.id)
        orders.add_order(customer, invoice)
        loyalty.earn_for(customer.id, amount, points_key(invoice.id), sale_of(invoice, customer))
        _add_receipts(invoice, batch.files)
        batch.keep()
        invoice_added.send(invoice, customer=customer)
        return invoice


def void_invoice(invoice_id: int, ticked: Mapping[str, Sequence[str]] | None = None) -> Invoice:
    """Void an invoice and take its points back; raises ConflictError when the customer is gone.

    `ticked` are the ids of what else is taken back, by the name of the offer (`kernel/manifest.py`).
    """
    with transaction():
        customer, invoice = lock_invoice(invoice_id)
        if invoice.void():
            for offer in catalog().void_offers:
                if ids := (ticked or {}).get(offer.name):
                    offer.take(invoice, ids)
            record("invoice.voided", invoice, customer_id=customer.id, changes=changes_of(invoice))
            orders.remove_order(customer, invoice)
            loyalty.take_back(points_key(invoice.id), f"Invoice {invoice.id} void")
            invoice_voided.send(invoice, customer=customer)
        return invoice


def lock_invoice(invoice_id: int) -> tuple[Customer, Invoice]:
    """Lock an invoice after its customer; raises ConflictError when the customer is gone."""
    customer_id = db.session.scalar(sa.select(Invoice.customer_id).where(Invoice.id == invoice_id))
    customer = lock_customer(customer_id or 0)
    invoice = db.session.scalars(locked(sa.select(Invoice).where(Invoice.id == invoice_id))).one()
    if invoice.customer_id != customer.id:
        raise ConflictError(_("This customer was separated from another one meanwhile. Open the page again."))
    return customer, invoice


def rebuild(customer_id: int) -> bool:
    """Recompute a customer's totals; False when they were right. Raises ConflictError when the customer is gone."""
    with transaction():
        customer = lock_customer(customer_id)
        orders.recompute_totals(customer)
        changes = {field: values for field, values in changes_of(customer).items() if field != "updated_at"}
        if changes:
            record("orders.rebuilt", customer, customer_id=customer.id, changes=changes)
        return bool(changes)


def add_receipts(invoice_id: int, uploads: Sequence[Upload], request_key: RequestKey | None = None) -> Invoice:
    check_quota_early(uploads, request_key)
    with store_files(uploads) as batch, transaction() as session:
        customer_id = session.scalar(sa.select(Invoice.customer_id).where(Invoice.id == invoice_id))
        lock_customer(customer_id or 0)
        invoice = session.scalars(locked(sa.select(Invoice).where(Invoice.id == invoice_id))).one()
        once = Once(request_key)
        if once.earlier is not None:
            return invoice
        check_quota(uploads)
        once.made(invoice.id)
        _add_receipts(invoice, batch.files)
        batch.keep()
        return invoice


def retry_receipt(receipt_id: int) -> Receipt:
    """Raise ConflictError when it is gone."""
    with transaction() as session:
        due.lock(KIND, [receipt_id])
        receipt = session.scalars(locked(sa.select(Receipt).where(Receipt.id == receipt_id))).one_or_none()
        if receipt is None:
            raise ConflictError(_("This receipt has been deleted."))
        if receipt.retry():
            record_change("receipt.retried", receipt)
            _enqueue_conversion([receipt])
        return receipt


def record_change(action: str, receipt: Receipt) -> None:
    shown: dict[str, Any] = {
        field: values for field, values in changes_of(receipt).items() if field in ("state", "reason", "pages")
    }
    customer_id = db.session.scalar(sa.select(Invoice.customer_id).where(Invoice.id == receipt.invoice_id))
    record(action, receipt, customer_id=customer_id, changes=shown)


def text_of(note: str) -> str:
    """Return what an invoice is found by."""
    return search_text(note, "", False, "", None)


def sale_of(invoice: Invoice, customer: Customer) -> loyalty.Sale:
    """Return what an invoice earns points as."""
    shown = money.format_amount(invoice.amount, invoice.currency, current_organization().locale)
    return loyalty.Sale(invoice.date, customer.branch_id, f"Invoice {invoice.id}", f"Invoice of {shown}")


def check_quota(uploads: Sequence[Upload]) -> None:
    if not uploads:
        return
    megabytes: int = current_app.config["RECEIPT_MEGABYTES_A_DAY"]
    count, size = queries.uploaded_within_a_day(current_actor())
    size += sum(upload.size for upload in uploads)
    if count + len(uploads) > MAX_FILES_A_DAY or size > megabytes * 1024 * 1024:
        raise QuotaError(megabytes)


def check_quota_early(uploads: Sequence[Upload], request_key: RequestKey | None) -> None:
    """Check before the files are stored; a repeated request is answered all the same."""
    try:
        check_quota(uploads)
    except QuotaError:
        # Checked after the quota: the same request may have been saved just before.
        if not is_used(request_key):
            raise


def keep_files(files: Sequence[StoredFile], siblings: Sequence[Sibling], **owner: int) -> list[Receipt]:
    """Write the rows of stored files, to be converted; `owner` is an `invoice_id` or a `booking_id`."""
    names = distinct_names([(file.filename, file.sha256) for file in files], siblings)
    receipts = [
        Receipt(
            **owner,
            filename=name,
            notice=notice,
            kind=file.kind,
            size=file.size,
            sha256=file.sha256,
            original_key=file.key,
            created_by_id=current_actor(),
        )
        for file, (name, notice) in zip(files, names, strict=True)
    ]
    db.session.add_all(receipts)
    db.session.flush()
    _enqueue_conversion(receipts)
    return receipts


def _add_receipts(invoice: Invoice, files: Sequence[StoredFile]) -> None:
    siblings = queries.siblings(invoice, [file.sha256 for file in files])
    for receipt in keep_files(files, siblings, invoice_id=invoice.id):
        changes = {"filename": [None, receipt.filename], "state": [None, receipt.state]}
        record("receipt.added", receipt, customer_id=invoice.customer_id, changes=changes)


def _enqueue_conversion(receipts: Sequence[Receipt]) -> None:
    due.put_off(KIND, [receipt.id for receipt in receipts], database_now())
    for receipt in receipts:
        queue.enqueue("crm.invoices.jobs.convert_receipt", require_organization(), receipt.id)


@customer_deleting.connect
def _delete_files(customer: Customer) -> None:
    """Delete the stored files of a deleted customer after the commit."""
    rows = db.session.execute(
        sa.select(Receipt.id, Receipt.original_key, Receipt.pdf_key)
        .join(Invoice, Invoice.id == Receipt.invoice_id)
        .where(Invoice.customer_id == customer.id)
    ).all()
    due.settle(KIND, [row.id for row in rows])
    keys = [key for row in rows for key in (row.original_key, row.pdf_key) if key]
    after_commit(functools.partial(discard, keys))


@customers_merged.connect
@customers_unmerged.connect
def _recompute_totals(pair: MergePair) -> None:
    for customer in (pair.survivor, pair.merged):
        orders.recompute_totals(customer)
