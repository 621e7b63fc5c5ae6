"""Documents of bookings: files as receipts are, which can be removed, and taken back for a day."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from crm.bookings.models import Booking, BookingPerson
from crm.invoices.filenames import Sibling
from crm.invoices.files import Upload, discard, store_files
from crm.invoices.models import Receipt
from crm.invoices.services import KIND, check_quota, check_quota_early, keep_files
from crm.kernel.columns import one_of
from crm.kernel.db import after_commit, database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import record_many, row_of
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.values.language import gettext as _

REMOVED = "removed document"
"""The kind of due work: removed documents whose files are to be deleted."""

KEPT = dt.timedelta(days=1)
"""For how long a removed document can be taken back."""

LEASE = dt.timedelta(minutes=1)
BATCH = 100


def add(booking_id: int, uploads: Sequence[Upload], request_key: RequestKey | None = None) -> Booking:
    """Add documents; raises NotStoredError, QuotaError or KeyReusedError, and keeps nothing then."""
    check_quota_early(uploads, request_key)
    with store_files(uploads) as batch, transaction():
        booking = db.session.scalars(locked(sa.select(Booking).where(Booking.id == booking_id))).one()
        once = Once(request_key)
        if once.earlier is not None:
            return booking
        check_quota(uploads)
        once.made(booking.id)
        for document in keep_files(batch.files, _siblings(booking_id), booking_id=booking.id):
            _tell("booking.document_added", document, after=True)
        batch.keep()
        return booking


def remove(document_id: int) -> Receipt:
    """Take a document off its booking; its files are deleted after `KEPT`. Raises ConflictError when it is gone."""
    return _turn(document_id, Receipt.remove, "booking.document_removed", after=False)


def take_back(document_id: int) -> Receipt:
    return _turn(document_id, Receipt.take_back, "booking.document_added", after=True)


def delete_removed(organization_id: int) -> bool:
    """Delete documents that were removed long enough ago, with their files; False when none is due."""
    with use_organization(organization_id):
        lease = Lease.take(REMOVED, LEASE, BATCH)
        with transaction() as session:
            held = lease.lock_held()
            gone = sa.select(Receipt).where(one_of(Receipt.id, held), Receipt.removed_at.is_not(None))
            documents = session.scalars(locked(gone)).all()
            due.settle(REMOVED, held)
            due.settle(KIND, [document.id for document in documents])
            for document in documents:
                session.delete(document)
            keys = [key for each in documents for key in (each.original_key, each.pdf_key) if key]
            after_commit(functools.partial(discard, keys))
        return bool(lease.ids)


def _turn(document_id: int, verb: Callable[[Receipt], bool], action: str, *, after: bool) -> Receipt:
    with transaction() as session:
        due.lock(REMOVED, [document_id])
        document = session.scalars(locked(sa.select(Receipt).where(Receipt.id == document_id))).one_or_none()
        if document is None:
            raise ConflictError(_("This document has been deleted."))
        if verb(document):
            _tell(action, document, after=after)
            if document.removed_at is None:
                due.settle(REMOVED, [document.id])
            else:
                due.put_off(REMOVED, [document.id], database_now() + KEPT)
        return document


def _siblings(booking_id: int) -> list[Sibling]:
    statement = sa.select(Receipt.filename, Receipt.sha256).where(Receipt.booking_id == booking_id)
    rows = db.session.execute(statement.where(Receipt.removed_at.is_(None)).order_by(Receipt.id.desc()))
    return [Sibling(name, sha256, None) for name, sha256 in rows]


def _tell(action: str, document: Receipt, *, after: bool) -> None:
    """Record the event of the booking for each customer among its persons, or once without a customer."""
    booking = db.session.get_one(Booking, document.booking_id)
    customers = sa.select(BookingPerson.customer_id).where(
        BookingPerson.booking_id == booking.id, BookingPerson.customer_id.is_not(None)
    )
    found: list[int | None] = list(db.session.scalars(customers.distinct().order_by(BookingPerson.customer_id)))
    changes = {"filename": [None, document.filename] if after else [document.filename, None]}
    record_many([row_of(action, booking, customer_id, changes) for customer_id in found or [None]])
