"""What is done with invoices and receipts: each function is one intent of a user and one transaction."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm import due, queue
from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.signals import customer_deleting
from crm.db import after_commit, database_now, locked, transaction
from crm.errors import ConflictError
from crm.events import changes_of, record
from crm.extensions import db
from crm.idempotency import Once, RequestKey
from crm.invoices.files import StoredFile, Upload, discard, stored
from crm.invoices.models import Invoice, Receipt
from crm.tenancy import current_actor, require_organization

KIND = "receipt"
"""The kind of due work that a receipt is while it has to be converted."""

_GONE = "This customer has been deleted in the meantime."


def add_invoice(
    customer_id: int,
    amount: int,
    date: dt.date,
    note: str,
    uploads: Sequence[Upload] = (),
    request_key: RequestKey | None = None,
) -> Invoice:
    """Add an invoice of `amount` hundredths in the organization's currency, with its receipts.

    Raises NotStoredError, KeyReusedError and, when the customer is gone, ConflictError; nothing is kept then.
    """
    with stored(uploads) as batch, transaction() as session:
        _lock_customer(customer_id)
        once = Once(request_key)
        if once.earlier is not None:
            return session.get_one(Invoice, once.earlier)
        invoice = Invoice(
            customer_id=customer_id,
            amount=amount,
            currency=current_organization().currency,
            date=date,
            note=note,
            created_by_id=current_actor(),
        )
        session.add(invoice)
        changes = {field: [None, getattr(invoice, field)] for field in ("amount", "currency", "note")}
        changes["date"] = [None, date.isoformat()]
        record("invoice.created", invoice, customer_id=customer_id, changes=changes)
        once.made(invoice.id)
        _add_receipts(invoice, batch.files)
        batch.keep()
        return invoice


def add_receipts(invoice_id: int, uploads: Sequence[Upload], request_key: RequestKey | None = None) -> Invoice:
    """Add receipts to an invoice; raises what add_invoice raises."""
    with stored(uploads) as batch, transaction() as session:
        customer_id = session.scalar(sa.select(Invoice.customer_id).where(Invoice.id == invoice_id))
        _lock_customer(customer_id or 0)
        invoice = session.scalars(locked(sa.select(Invoice).where(Invoice.id == invoice_id))).one()
        once = Once(request_key)
        if once.earlier is not None:
            return invoice
        once.made(invoice.id)
        _add_receipts(invoice, batch.files)
        batch.keep()
        return invoice


def retry_receipt(receipt_id: int) -> Receipt:
    """Have a receipt that failed converted once more; one that did not is left as it is.

    Raises ConflictError when it is gone.
    """
    with transaction() as session:
        due.lock(KIND, [receipt_id])
        receipt = session.scalars(locked(sa.select(Receipt).where(Receipt.id == receipt_id))).one_or_none()
        if receipt is None:
            raise ConflictError("This receipt has been deleted in the meantime.")
        if receipt.try_again():
            tell("receipt.retried", receipt)
            _have_converted([receipt])
        return receipt


def tell(action: str, receipt: Receipt) -> None:
    """Record the event of a changed receipt, before the change is flushed."""
    shown: dict[str, Any] = {
        field: values for field, values in changes_of(receipt).items() if field in ("state", "reason", "pages")
    }
    customer_id = db.session.scalar(sa.select(Invoice.customer_id).where(Invoice.id == receipt.invoice_id))
    record(action, receipt, customer_id=customer_id, changes=shown)


def _lock_customer(customer_id: int) -> None:
    if db.session.scalar(locked(sa.select(Customer.id).where(Customer.id == customer_id))) is None:
        raise ConflictError(_GONE)


def _add_receipts(invoice: Invoice, files: Sequence[StoredFile]) -> None:
    receipts = [
        Receipt(
            invoice_id=invoice.id,
            filename=file.filename,
            kind=file.kind,
            size=file.size,
            sha256=file.sha256,
            original_key=file.key,
            created_by_id=current_actor(),
        )
        for file in files
    ]
    db.session.add_all(receipts)
    db.session.flush()
    for receipt in receipts:
        changes = {"filename": [None, receipt.filename], "state": [None, receipt.state]}
        record("receipt.added", receipt, customer_id=invoice.customer_id, changes=changes)
    _have_converted(receipts)


def _have_converted(receipts: Sequence[Receipt]) -> None:
    due.put_off(KIND, [receipt.id for receipt in receipts], database_now())
    for receipt in receipts:
        queue.enqueue("crm.invoices.jobs.convert_receipt", require_organization(), receipt.id)


@customer_deleting.connect
def _delete_files(customer: Customer) -> None:
    """Delete the files of a customer who is deleted for good, once that is committed."""
    rows = db.session.execute(
        sa.select(Receipt.id, Receipt.original_key, Receipt.pdf_key)
        .join(Invoice, Invoice.id == Receipt.invoice_id)
        .where(Invoice.customer_id == customer.id)
    ).all()
    due.settle(KIND, [row.id for row in rows])
    keys = [key for row in rows for key in (row.original_key, row.pdf_key) if key]
    after_commit(functools.partial(discard, keys))
